"""JSON as Edge's management API prints it.

Two blanks per level, ` : ` between name and value, lists in one line (`[ "a", "b" ]`),
objects in lists as `[ {` ... `}, {` ... `} ]`, empty ones as `[ ]` and `{ }`. Clients
split list texts on `, `. Source: reference/runtime/management-api.md section 0,
reference/default-oauth-proxy.md section 4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]


def edge_json(value: JSON) -> str:
    """The text of `value`; object members in their order."""
    return _text(value, "")


def _text(value: JSON, indent: str) -> str:
    if isinstance(value, Mapping):
        return _object(value, indent)
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = ", ".join(_text(item, indent) for item in value)
        return f"[ {items} ]" if items else "[ ]"
    return json.dumps(value, ensure_ascii=False)


def _object(value: Mapping[str, JSON], indent: str) -> str:
    if not value:
        return "{ }"
    inner = indent + "  "
    members = ",\n".join(
        f"{inner}{json.dumps(name, ensure_ascii=False)} : {_text(member, inner)}"
        for name, member in value.items()
    )
    return f"{{\n{members}\n{indent}}}"
