"""Flow variables: a name becomes a pair of accessors, at deployment.

Which wins when a name is read: predefined variables and the parts of messages first,
then what policies assigned, then the records that policies published.
Source: reference/runtime/variables.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gateway.flow.context import ERROR, RESPONSE, Context
from gateway.flow.message import Message
from gateway.flow.message_variables import Part, message_part, split_message_name
from gateway.flow.predefined import PREDEFINED
from gateway.flow.properties import property_of
from gateway.flow.recorder import shown

if TYPE_CHECKING:
    from gateway.bundle.model import Resource
    from gateway.flow.expressions import Getter

Setter = Callable[[Context, object], None]

_FLOW_MESSAGES: dict[str, Callable[[Context], Message | None]] = {
    "request": lambda ctx: ctx.request,
    "response": lambda ctx: ctx.response,
    "message": lambda ctx: ctx.message,
    "error": lambda ctx: ctx.error,
}
_MEMO_SIZE = 4096


class ReadOnlyVariable(Exception):
    """A policy tried to assign a variable that cannot be assigned."""

    def __init__(self, name: str) -> None:
        super().__init__(f"variable {name} is read-only")
        self.name = name


class Variables:
    """Resolves names to accessors and notes which bodies the flows read.

    `reads_body` holds `request`, `response`, ... for every message whose body some
    accessor touches: the engine buffers those, and may stream the others.
    """

    def __init__(self, resources: Mapping[str, Resource] | None = None) -> None:
        """`resources`: the bundle's, for `propertyset.*`."""
        self.reads_body: set[str] = set()
        self._resources = resources or {}
        self._getters: dict[str, Getter] = {}
        self._setters: dict[str, Setter] = {}

    def getter(self, name: str) -> Getter:
        """The reader of `name`; it gives None while the variable is not set."""
        found = self._getters.get(name)
        if found is None:
            found = self._getter(name)
            if len(self._getters) < _MEMO_SIZE:
                self._getters[name] = found
        return found

    def setter(self, name: str) -> Setter:
        """The writer of `name`. Writing None unsets it. The writer of a read-only
        variable raises `ReadOnlyVariable` when it is called."""
        found = self._setters.get(name)
        if found is None:
            found = self._setter(name)
            if len(self._setters) < _MEMO_SIZE:
                self._setters[name] = found
        return found

    def touches_body(self, message: str) -> None:
        """A policy reads or writes the body of `message` without a variable."""
        self.reads_body.add(message)

    def _getter(self, name: str) -> Getter:
        flow_message = _FLOW_MESSAGES.get(name)
        if flow_message is not None:
            self.reads_body.add(name)
            return flow_message
        predefined = PREDEFINED.get(name)
        if predefined is not None:
            return predefined.read
        if name.startswith("propertyset."):
            return _property(name, self._resources)
        split = split_message_name(name)
        if split is None:
            return _assigned(name)
        part = message_part(split[1])
        self._note(split[0], part)
        if split[0] == "request":
            return _of_request(part)
        flow_message = _FLOW_MESSAGES.get(split[0])
        if flow_message is not None:
            return _of_flow_message(flow_message, part)
        return _of_named_message(name, split[0], part)

    def _setter(self, name: str) -> Setter:
        if name in _FLOW_MESSAGES:
            return _message_setter(name)
        predefined = PREDEFINED.get(name)
        if predefined is not None:
            return predefined.write or _refuse(name)
        split = split_message_name(name)
        if split is None:
            return _assign(name)
        part = message_part(split[1])
        self._note(split[0], part)
        if split[0] not in _FLOW_MESSAGES:
            return _named_part_setter(name, split[0], part)
        return _part_setter(name, _FLOW_MESSAGES[split[0]], part)

    def _note(self, message: str, part: Part) -> None:
        if part.reads_body:
            self.reads_body.add(message)


class RecordingVariables(Variables):
    """The same accessors, each telling the exchange's recorder what it read or wrote."""

    def _getter(self, name: str) -> Getter:
        read = super()._getter(name)

        def recorded(ctx: Context) -> object:
            value = read(ctx)
            if ctx.recorder is not None:
                ctx.recorder.read(name, shown(name, value))
            return value

        return recorded

    def _setter(self, name: str) -> Setter:
        write = super()._setter(name)

        def recorded(ctx: Context, value: object) -> None:
            write(ctx, value)
            if ctx.recorder is not None:
                ctx.recorder.wrote(name, shown(name, value))

        return recorded


def _property(name: str, resources: Mapping[str, Resource]) -> Getter:
    value = property_of(resources, name.removeprefix("propertyset."))
    assigned = _assigned(name)
    return lambda ctx: value if value is not None else assigned(ctx)


def _assigned(name: str) -> Getter:
    def read(ctx: Context) -> object:
        value = ctx.variables.get(name)
        if value is None and ctx.views:
            for view in ctx.views:
                value = view.get(name)
                if value is not None:
                    break
        return value

    return read


def _of_request(part: Part) -> Getter:
    read = part.read
    return lambda ctx: read(ctx.request)


def _of_flow_message(message: Callable[[Context], Message | None], part: Part) -> Getter:
    read_part = part.read

    def read(ctx: Context) -> object:
        found = message(ctx)
        return None if found is None else read_part(found)

    return read


def _of_named_message(name: str, message_name: str, part: Part) -> Getter:
    assigned, read_part = _assigned(name), part.read

    def read(ctx: Context) -> object:
        message = ctx.variables.get(message_name)
        return read_part(message) if isinstance(message, Message) else assigned(ctx)

    return read


def _assign(name: str) -> Setter:
    def write(ctx: Context, value: object) -> None:
        if value is None:
            ctx.variables.pop(name, None)
        else:
            ctx.variables[name] = value

    return write


def _message_setter(name: str) -> Setter:
    def write(ctx: Context, value: object) -> None:
        if not isinstance(value, Message):
            raise ReadOnlyVariable(name)
        set_flow_message(ctx, name, value)

    return write


def set_flow_message(ctx: Context, name: str, message: Message) -> None:
    """Replace `request`, `response`, `error` or `message` (by the flow that runs)."""
    if name == "message":
        name = ctx.phase
    if name == ERROR:
        ctx.error = message
    elif name == RESPONSE:
        ctx.response = message
    else:
        ctx.request = message


def _refuse(name: str) -> Setter:
    def write(ctx: Context, value: object) -> None:
        raise ReadOnlyVariable(name)

    return write


def _part_setter(name: str, message: Callable[[Context], Message | None], part: Part) -> Setter:
    write_part = part.write
    if write_part is None:
        return _refuse(name)
    creates_response = name.startswith("response.")

    def write(ctx: Context, value: object) -> None:
        found = message(ctx)
        if found is None:
            if not creates_response:
                raise ReadOnlyVariable(name)
            found = ctx.response = Message.response()
        write_part(found, value)

    return write


def _named_part_setter(name: str, message_name: str, part: Part) -> Setter:
    assign, write_part = _assign(name), part.write

    def write(ctx: Context, value: object) -> None:
        message = ctx.variables.get(message_name)
        if not isinstance(message, Message):
            assign(ctx, value)
        elif write_part is None:
            raise ReadOnlyVariable(name)
        else:
            write_part(message, value)

    return write
