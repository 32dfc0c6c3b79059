"""`gateway check`: validate and compile bundles offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.output import print_json

if TYPE_CHECKING:
    from gateway.bundle.diagnostics import Diagnostic


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH...",
)
@click.option(
    "--flavor",
    type=click.Choice(["edge", "x"]),
    default="edge",
    show_default=True,
    help="Where Edge and X differ, which one holds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(paths: tuple[Path, ...], flavor: str, as_json: bool) -> None:
    """Validate and compile bundles without a server.

    PATH is a bundle's folder, its apiproxy folder, or a ZIP. Errors and warnings are
    printed as 'file:line: message'; the exit code is 1 when there is an error.
    """
    found = [(path, check_bundle(path, flavor)) for path in paths]
    failed = any(item.severity == "error" for _, items in found for item in items)
    if as_json:
        print_json(
            [
                {"path": str(path), "severity": d.severity, "file": d.file, "line": d.line,
                 "message": d.message}
                for path, items in found
                for d in items
            ]
        )  # fmt: skip
    else:
        for path, items in found:
            for item in items:
                click.echo(f"{path}: {item}" if len(paths) > 1 else str(item))
            if not any(item.severity == "error" for item in items):
                warnings = f", {len(items)} warnings" if len(items) > 1 else ""
                warnings = ", 1 warning" if len(items) == 1 else warnings
                click.echo(f"{path}: ok{warnings}")
    if failed:
        raise SystemExit(1)


def check_bundle(path: Path, flavor: str) -> list[Diagnostic]:
    """Every error and warning of one bundle, in the order of its files."""
    from gateway.bundle.diagnostics import BundleError, Diagnostics
    from gateway.bundle.files import read_path
    from gateway.bundle.reader import read_bundle
    from gateway.flow.deployment import Environment
    from gateway.runtime.offline import offline_services
    from gateway.runtime.preparation import compile_bundle

    diagnostics = Diagnostics()
    try:
        bundle, warnings = read_bundle(read_path(path))
    except BundleError as error:
        return list(error.diagnostics)
    environment = Environment(
        "check", "check", "x" if flavor == "x" else "edge", offline_services()
    )
    compile_bundle(bundle, environment, "1", diagnostics)
    return sorted(
        [*warnings, *diagnostics.all], key=lambda item: (item.file, item.line, item.message)
    )
