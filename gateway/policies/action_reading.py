"""Reading the groups that Set, Add, Copy and Remove have in common.

Source: reference/policies/AssignMessage.md, "Elements" and behaviour 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.bundle.xml import Element
    from gateway.flow.declarations import Reading

FAMILIES = {"Headers": "Header", "QueryParams": "QueryParam", "FormParams": "FormParam"}
"""The groups of a Set, Add, Copy or Remove, with the name of their members."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name or a verb (RFC 9110 section 5.6.2)."""

_MEMBERS = frozenset(FAMILIES.values())


def is_family(element: Element) -> bool:
    """A group, or a member that stands without its group."""
    return element.name in FAMILIES or element.name in _MEMBERS


def warn_unknown(child: Element, parent: str, reading: Reading) -> None:
    reading.warning(child, f"<{child.name}> is not an element of <{parent}>: it has no effect")


def members(group: Element, reading: Reading) -> Iterator[Element]:
    """The named `<Header>`s, `<QueryParam>`s or `<FormParam>`s of a group; a member that
    stands without its group is its own."""
    if group.name in _MEMBERS:
        reading.warning(group, f"<{group.name}> belongs into <{group.name}s>: it acts all the same")
        candidates: tuple[Element, ...] = (group,)
        expected = group.name
    else:
        candidates = tuple(group.children)
        expected = FAMILIES[group.name]
    for member in candidates:
        if member.name != expected:
            warn_unknown(member, group.name, reading)
        elif not member.attributes.get("name", "").strip():
            reading.warning(member, f"<{expected}> without a name has no effect")
        else:
            yield member
