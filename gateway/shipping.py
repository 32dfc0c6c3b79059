"""Files that come with the program: at the root of a checkout, inside of a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def bundles_dir() -> Path:
    """The folder of the bundles we ship, such as `oauth`."""
    return _shipped("bundles")


def examples_dir() -> Path:
    """The folder of the examples."""
    return _shipped("examples")


def _shipped(name: str) -> Path:
    packed = _PACKAGE / "shipped" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name
