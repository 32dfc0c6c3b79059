"""What a template leaves in a bundle when nobody filled it in."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\$\{[^}]*\}|@[A-Za-z0-9_.-]+@")


def find_placeholder(name: str) -> str | None:
    """The first `{{ x }}`, `${X}` or `@X@` in a name, None when there is none."""
    found = _PLACEHOLDER.search(name)
    return found and found[0]
