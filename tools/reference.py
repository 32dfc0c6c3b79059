"""Make the tables of docs/reference from the code.

python -m tools.reference            renew the pages
python -m tools.reference --check    exit 1 when one is not current
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from gateway.flow.declarations import Declaration
from gateway.flow.faults import Fault
from gateway.policies import policy_types

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "reference"
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def policies() -> str:
    """A section for each policy type: what it is, its elements, its faults."""
    parts = []
    for cls in policy_types():
        contract = sys.modules[cls.__module__].__doc__ or ""
        parts += [f"## {cls.type}", _without_source(contract, cls.type)]
        rows = [
            (_elements(declaration), declaration.kind, _code(declaration.default), declaration.doc)
            for _, declaration in cls.declarations()
        ]
        parts.append(_table(("element", "kind", "default", "meaning"), rows))
        if cls.faults():
            faults = [_fault_row(fault) for fault in cls.faults()]
            parts.append(_table(("error code", "status", "fault string", "cause"), faults))
    return "\n\n".join(parts)


def _elements(declaration: Declaration) -> str:
    return ", ".join(f"`{name}`" for name in (declaration.path, *declaration.covers))


def management() -> str:
    """A table of the management API's calls, by the first segment of their path."""
    from gateway.management.routes import ROUTES

    rows: dict[str, list[tuple[str, str, str]]] = {}
    for route in ROUTES:
        path = _legible(route.path).removeprefix("/v1/organizations/{org}") or "/"
        does = _does(route.handler)
        if "/attributes" in path:
            does = {"List all": "List attributes", "Replace all": "Replace all attributes"}.get(
                does, f"{does} attribute"
            )
        row = (route.method, f"`{path}`", does)
        rows.setdefault(_family(path), []).append(row)
    return "\n\n".join(
        f"### {family}\n\n{_table(('method', 'path', 'does'), calls)}"
        for family, calls in rows.items()
    )


def _legible(path: str) -> str:
    """A route's path without regular expressions: of the long and the short form the
    long one, `{name}` for what varies, `[/...]` for what may follow."""

    def part(found: re.Match[str]) -> str:
        name, pattern = found.groups()
        if pattern == "(?:/.*)?":
            return "[/...]"
        return pattern.partition("|")[0] if re.fullmatch(r"[a-z|]+", pattern) else f"{{{name}}}"

    return re.sub(r"\{(\w+):([^{}]*)\}", part, path)


def commands() -> str:
    """A section for each command, with its help."""
    from gateway.cli import main

    with click.Context(main, info_name="gateway") as context:
        return "\n\n".join(_sections(main, context, "gateway"))


def _sections(group: click.Group, context: click.Context, path: str) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        full = f"{path} {name}"
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield f"## {full}\n\n{command.help or ''}".rstrip()
            yield from _sections(command, inner, full)
        else:
            level = "##" if path == "gateway" else "###"
            yield _section(level, full, command, inner)


SHARED = ("--server", "--user", "--password", "--org", "--profile", "--json")
"""Options of each command that talks to a server: they stand once at the head of the page."""


def _section(level: str, full: str, command: click.Command, context: click.Context) -> str:
    usage = " ".join([full, *command.collect_usage_pieces(context)])
    parts = [f"{level} {full}", f"`{usage}`", _plain(command.help or "")]
    options = {option for parameter in command.get_params(context) for option in parameter.opts}
    hidden = {"--help", *(SHARED if "--server" in options else ())}
    records = [
        (f"`{record[0]}`", record[1].replace("|", "\\|"))
        for parameter in command.get_params(context)
        if not hidden & set(parameter.opts)
        and (record := parameter.get_help_record(context)) is not None
        and record[1]
    ]
    if records:
        parts.append(
            _table(("option", "meaning"), [(a.replace("|", "\\|"), b) for a, b in records])
        )
    return "\n\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    """A docstring as paragraphs."""
    paragraphs = [" ".join(part.split()) for part in text.replace("\b", "").split("\n\n")]
    return "\n\n".join(part for part in paragraphs if part)


def _does(handler: Callable[..., object]) -> str:
    """What a handler does: its docstring's first paragraph, else its name in words."""
    text = _plain((handler.__doc__ or "").partition("\n\n")[0])
    if not text or re.fullmatch(r"`[^`]*`\.?", text):  # it only names its own path
        text = handler.__name__.replace("list_of_", "list_those_of_the_")
        text = text.replace("_", " ").strip().capitalize()
    return text.replace("|", "\\|")


def _family(path: str) -> str:
    """The heading of a call: `developers`, `apis`, ..."""
    if path.startswith("/v1") or path == "/" or path.endswith("virtualhosts"):
        return "Organization and environments"
    for segment, heading in FAMILIES.items():
        if segment in path:
            return heading
    return "Organization and environments"


FAMILIES = {
    "/deployments": "Deployments",
    "/keys": "Keys",
    "/apps": "Apps",
    "/developers": "Developers",
    "/apis": "Proxies and revisions",
    "/apiproducts": "API products",
    "/oauth2": "Tokens",
}
"""The first of these segments that a path contains names its section."""


def _without_source(text: str, type_name: str) -> str:
    """The docstring's contract, without its `Type:` and without the line of its source."""
    kept = _plain(text.partition("Source:")[0]).removeprefix(f"{type_name}: ")
    return kept[:1].upper() + kept[1:]


def _fault_row(fault: Fault) -> tuple[str, str, str, str]:
    status = str(fault.status)
    if fault.edge_status is not None:
        status = f"{fault.edge_status} (X: {fault.status})"
    text = fault.text if fault.edge_text is None else f"{fault.edge_text} (X: {fault.text})"
    code = fault.code
    if fault.body != "fault":
        code = f"{code} ({fault.body})"
    return f"`{code}`", status, _code(text), fault.cause


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()) for cell in row)} |" for row in lines)


PAGES: dict[str, Callable[[], str]] = {
    "policies.md": policies,
    "management-api.md": management,
    "cli.md": commands,
}


def renewed(page: str, made: str) -> str:
    """The page with what stands between its marks replaced."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> int:
    stale = []
    named = [name for name in PAGES if name in sys.argv]
    for name in named or PAGES:
        make = PAGES[name]
        path = DOCS / name
        old = path.read_text(encoding="utf-8")
        new = renewed(old, make())
        if new != old:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    for name in stale:
        click.echo(
            f"docs/reference/{name} {'is not current' if '--check' in sys.argv else 'is renewed'}"
        )
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
