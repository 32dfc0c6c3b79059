"""Copy and Remove: parts of a message, whole or by name.

`<Header name="h.2"/>` means the second value of `h` only.
Source: reference/policies/AssignMessage.md, "Elements" and behaviour 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.flow.context import Context
from gateway.flow.message import Message
from gateway.policies.action_reading import FAMILIES, is_family, members, warn_unknown
from gateway.policies.action_scope import Action, MessageAction, Scope
from gateway.policies.message_parts import COPIES, REMOVALS, copy_named, remove_named
from gateway.policies.start_line import PARTS

if TYPE_CHECKING:
    from gateway.bundle.xml import Element
    from gateway.flow.declarations import Reading

_INDEXED = re.compile(r"(?P<name>.+)\.(?P<index>-?\d+)")
_GROUP_OF = {member: group for group, member in FAMILIES.items()}
_COPY_FLAGS = frozenset({"Payload", "Verb", "Path", "Version", "StatusCode", "ReasonPhrase"})
_REMOVE_FLAGS = frozenset({"Payload"})
_COPY_ALL = (
    "Headers", "QueryParams", "Verb", "Path", "Version", "StatusCode", "ReasonPhrase", "Payload",
)  # fmt: skip
_REMOVE_ALL = ("Headers", "QueryParams", "Payload")
_OF_BODY = frozenset({"Payload", "FormParams"})


@dataclass(frozen=True, slots=True)
class Named:
    """One header or parameter; with `index` (from 1) only that value of it."""

    name: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Selected:
    """One part of a message that a Copy or Remove names; `names` None: all of it."""

    part: str
    names: tuple[Named, ...] | None = None


# -- reading


def read_copy(parent: Element, reading: Reading) -> Iterator[MessageAction]:
    """The action of one `<Copy>`."""
    source = parent.attributes.get("source", "").strip() or "message"
    parts = tuple(_read_parts(parent, reading, _COPY_FLAGS))
    yield Copy(source, parts if parent.children else tuple(map(Selected, _COPY_ALL)))


def read_remove(parent: Element, reading: Reading) -> Iterator[MessageAction]:
    """The action of one `<Remove>`."""
    parts = tuple(_read_parts(parent, reading, _REMOVE_FLAGS))
    yield Remove(parts if parent.children else tuple(map(Selected, _REMOVE_ALL)))


def _read_parts(parent: Element, reading: Reading, flags: frozenset[str]) -> Iterator[Selected]:
    for child in parent.children:
        if is_family(child):
            selected = _read_family(child, reading)
            if selected is not None:
                yield selected
        elif child.name in flags:
            if _is_wanted(child, reading):
                yield Selected(child.name)
        else:
            warn_unknown(child, parent.name, reading)


def _is_wanted(flag: Element, reading: Reading) -> bool:
    """`true`, or empty: in bundles an empty `<Payload/>` means yes."""
    text = flag.text.strip().lower()
    if text not in ("", "true", "false"):
        reading.warning(flag, f"<{flag.name}> '{text}' is neither true nor false: read as false")
    return text in ("", "true")


def _read_family(group: Element, reading: Reading) -> Selected | None:
    part = _GROUP_OF.get(group.name, group.name)
    if group.name == part and not group.children:
        return None if group.text.strip().lower() == "false" else Selected(part)
    names: list[Named] = []
    for member in members(group, reading):
        text = member.text.strip().lower()
        if text not in ("", "true", "false"):
            reading.warning(member, f"the text of <{member.name}> has no effect here")
        named = _read_name(member, reading)
        if named is not None and text != "false":
            names.append(named)
    return Selected(part, tuple(names))


def _read_name(member: Element, reading: Reading) -> Named | None:
    name = member.attributes["name"].strip()
    found = _INDEXED.fullmatch(name)
    if found is None:
        return Named(name, None)
    index = int(found["index"])
    if index < 1:
        reading.error(
            member, f"InvalidIndex: <{member.name}> '{name}': the first value has the index 1"
        )
        return None
    return Named(found["name"], index)


# -- compiling


_WHOLE = {**PARTS, "Headers": "headers.names", "QueryParams": "querystring"}


def _changes(parts: tuple[Selected, ...]) -> tuple[str, ...]:
    """The parts as variables of the message."""
    changed: list[str] = []
    for selected in parts:
        if selected.names is None:
            changed.append(_WHOLE.get(selected.part, "content"))
        else:
            family = FAMILIES[selected.part].lower()
            changed += (f"{family}.{named.name}" for named in selected.names)
    return tuple(changed)


@dataclass(frozen=True, slots=True)
class Copy:
    """Parts of the message variable `source`, copied to the message that changes."""

    source: str
    parts: tuple[Selected, ...]

    @property
    def changes(self) -> tuple[str, ...]:
        return _changes(self.parts)

    def compile(self, scope: Scope) -> Action:
        find = scope.message(self.source)
        if any(selected.part in _OF_BODY for selected in self.parts):
            scope.deployment.variables.touches_body(self.source)
            scope.touches_body()
        copies = tuple(step for selected in self.parts for step in _copies(selected))

        def copy(ctx: Context, message: Message) -> None:
            source = find(ctx)
            if source is None or source is message:
                return
            for step in copies:
                step(source, message)

        return copy


def _copies(selected: Selected) -> Iterator[Callable[[Message, Message], None]]:
    if selected.names is None:
        yield COPIES[selected.part]
        return
    seen: set[str] = set()
    for named in selected.names:
        # `h.1` and `h.3` together copy both values: only the first replaces.
        again = named.name.lower() in seen
        seen.add(named.name.lower())
        yield copy_named(selected.part, named.name, named.index, append=again)


@dataclass(frozen=True, slots=True)
class Remove:
    """Parts to take away from the message that changes."""

    parts: tuple[Selected, ...]

    @property
    def changes(self) -> tuple[str, ...]:
        return _changes(self.parts)

    def compile(self, scope: Scope) -> Action:
        if any(selected.part in _OF_BODY for selected in self.parts):
            scope.touches_body()
        removals = tuple(step for selected in self.parts for step in _removals(selected))
        if len(removals) == 1:
            only = removals[0]
            return lambda ctx, message: only(message)

        def remove(ctx: Context, message: Message) -> None:
            for step in removals:
                step(message)

        return remove


def _removals(selected: Selected) -> Iterator[Callable[[Message], None]]:
    if selected.names is None:
        yield REMOVALS[selected.part]
        return
    # The last index first: taking away the second value must not renumber the third.
    for named in sorted(selected.names, key=lambda named: -(named.index or 0)):
        yield remove_named(selected.part, named.name, named.index)
