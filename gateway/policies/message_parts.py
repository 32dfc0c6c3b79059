"""Copying and removing one part of a message: the work of Copy and Remove.

Start line, query and form parameters concern requests only, status and reason only
responses; on any other pair nothing happens.
Source: reference/policies/AssignMessage.md, "Elements".
"""

from __future__ import annotations

from collections.abc import Callable

from multidict import istr

from gateway.flow.message import Message
from gateway.flow.message_variables import header_values
from gateway.flow.parameters import Parameters

Copying = Callable[[Message, Message], None]
"""From a source to a destination, which are never the same message."""

Removing = Callable[[Message], None]


# -- whole parts


def _copy_headers(source: Message, message: Message) -> None:
    message.headers.update(source.headers)


def _copy_query(source: Message, message: Message) -> None:
    if len(message.query_params) == 0:
        message.query = source.query
    else:
        _replace_all(source.query_params, message.query_params)


def _copy_form(source: Message, message: Message) -> None:
    if _copies_form(source):
        _replace_all(source.form_params, message.make_form())


def _replace_all(source: Parameters, target: Parameters) -> None:
    for name in source.names():
        target.remove(name)
    for name, value in source.items():
        target.add(name, value)


def _copies_form(source: Message) -> bool:
    return source.has_form and source.verb in ("POST", "PUT")


def _copy_payload(source: Message, message: Message) -> None:
    message.body = source.body


def _copy_attribute(attribute: str) -> Copying:
    def copy(source: Message, message: Message) -> None:
        setattr(message, attribute, getattr(source, attribute))

    return copy


def _between_requests(copy: Copying) -> Copying:
    def guarded(source: Message, message: Message) -> None:
        if source.is_request and message.is_request:
            copy(source, message)

    return guarded


def _between_responses(copy: Copying) -> Copying:
    def guarded(source: Message, message: Message) -> None:
        if not source.is_request and not message.is_request:
            copy(source, message)

    return guarded


COPIES: dict[str, Copying] = {
    "Headers": _copy_headers,
    "QueryParams": _between_requests(_copy_query),
    "FormParams": _between_requests(_copy_form),
    "Payload": _copy_payload,
    "Verb": _between_requests(_copy_attribute("verb")),
    "Path": _between_requests(_copy_attribute("path")),
    "Version": _between_requests(_copy_attribute("version")),
    "StatusCode": _between_responses(_copy_attribute("status_code")),
    "ReasonPhrase": _between_responses(_copy_attribute("reason")),
}


def _remove_query(message: Message) -> None:
    if message.is_request:
        message.query = ""


def _remove_form(message: Message) -> None:
    if message.is_request and message.has_form:
        message.form_params.clear()


def _remove_payload(message: Message) -> None:
    message.body = b""


REMOVALS: dict[str, Removing] = {
    "Headers": lambda message: message.headers.clear(),
    "QueryParams": _remove_query,
    "FormParams": _remove_form,
    "Payload": _remove_payload,
}


# -- by name


def copy_named(part: str, name: str, index: int | None, *, append: bool) -> Copying:
    """Copy one header or parameter, or its value `index` (from 1), over the one of the
    destination; with `append` beside it. What the source has not is left alone."""
    if part == "Headers":
        return _copy_header(istr(name), index, append)
    if part == "QueryParams":
        return _between_requests(_copy_query_param(name, index, append))
    return _between_requests(_copy_form_param(name, index, append))


def _copy_header(key: istr, index: int | None, append: bool) -> Copying:
    def copy(source: Message, message: Message) -> None:
        if index is None:
            values = source.headers.getall(key, ())
        else:
            values = header_values(source, key)[index - 1 : index]
        if values and not append:
            message.headers.popall(key, None)
        for value in values:
            message.headers.add(key, value)

    return copy


def _copy_query_param(name: str, index: int | None, append: bool) -> Copying:
    def copy(source: Message, message: Message) -> None:
        _copy_values(source.query_params, lambda: message.query_params, name, index, append)

    return copy


def _copy_form_param(name: str, index: int | None, append: bool) -> Copying:
    def copy(source: Message, message: Message) -> None:
        if _copies_form(source):
            _copy_values(source.form_params, message.make_form, name, index, append)

    return copy


def _copy_values(
    source: Parameters,
    target: Callable[[], Parameters],
    name: str,
    index: int | None,
    append: bool,
) -> None:
    values = source.all(name)
    if index is not None:
        values = values[index - 1 : index]
    if not values:
        return
    parameters = target()
    if not append:
        parameters.remove(name)
    for value in values:
        parameters.add(name, value)


def remove_named(part: str, name: str, index: int | None) -> Removing:
    """Remove one header or parameter, or only its value `index` (from 1)."""
    if part == "Headers":
        return _remove_header(istr(name), index)
    place = None if index is None else index - 1

    def remove(message: Message) -> None:
        if not message.is_request:
            return
        if part == "QueryParams":
            message.query_params.remove(name, place)
        elif message.has_form:
            message.form_params.remove(name, place)

    return remove


def _remove_header(key: istr, index: int | None) -> Removing:
    if index is None:

        def remove_all(message: Message) -> None:
            message.headers.popall(key, None)

        return remove_all

    def remove(message: Message) -> None:
        values = header_values(message, key)
        if index <= len(values):
            del values[index - 1]
            message.headers.popall(key, None)
            for value in values:
                message.headers.add(key, value)

    return remove
