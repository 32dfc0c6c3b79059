"""`gateway dev`: announced, and refused until it is there."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", nargs=-1, type=click.Path(path_type=Path))
def dev(folder: tuple[Path, ...]) -> None:
    """Serve a folder and reload on save (not in this version yet)."""
    raise click.UsageError(
        "'gateway dev' is not in this version yet: start 'gateway serve', and run "
        "'gateway deploy FOLDER --env test' after each change; it takes effect at once"
    )
