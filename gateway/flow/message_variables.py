"""The variables of a message: `header.X`, `queryparam.X.2`, `content`, `status.code`, ...

`message_part` turns the text after the message's name into a pair of functions on a
message, once, at deployment. Source: reference/runtime/variables.md, "Message objects".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from multidict import istr

from gateway.flow.message import Message
from gateway.flow.parameters import Parameters
from gateway.flow.values import to_text

Read = Callable[[Message], object]
Write = Callable[[Message, object], None]

_PART = re.compile(
    r"(?P<message>.+?)\.(?P<part>content(?:\.as\.(?:url\.safe\.)?base64)?"
    r"|header\..+|headers\.(?:count|names(?:\.string)?)"
    r"|queryparam\..+|queryparams\.(?:count|names(?:\.string)?)|querystring"
    r"|formparam\..+|formparams\.(?:count|names(?:\.string)?)|formstring"
    r"|path|uri|verb|version|status\.code|reason\.phrase|transport\.message)"
)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SAFE = "".join(chr(code) for code in range(33, 127))
"""Printable ASCII stays; blanks, controls and the rest travel percent-encoded."""
_INDEXED = re.compile(r"(?P<name>.+?)(?:\.(?P<index>\d+)|\.(?P<all>values(?:\.count|\.string)?))?")


@dataclass(frozen=True, slots=True)
class Part:
    """How to read and write one part of a message. `write` None: read only."""

    read: Read
    write: Write | None
    reads_body: bool = False


def split_message_name(name: str) -> tuple[str, str] | None:
    """(`request`, `header.X`) of `request.header.X`; None for any other variable."""
    found = _PART.fullmatch(name)
    return (found["message"], found["part"]) if found else None


def message_part(part: str) -> Part:
    """The accessors of a part that `split_message_name` gave."""
    fixed = _FIXED.get(part)
    if fixed is not None:
        return fixed
    family, _, rest = part.partition(".")
    found = _INDEXED.fullmatch(rest)
    assert found is not None
    name, everything = found["name"], found["all"]
    index = int(found["index"]) if found["index"] else None
    if family == "header":
        return _header(name, index, everything)
    return _parameter(family == "formparam", name, index, everything)


# -- headers


def header_values(message: Message, name: str) -> list[str]:
    """All values of a header, split at commas and trimmed."""
    return [part.strip() for line in message.headers.getall(name, ()) for part in line.split(",")]


def _header(name: str, index: int | None, everything: str | None) -> Part:
    key = istr(name)
    if everything == "values":
        return Part(lambda message: header_values(message, key), None)
    if everything == "values.count":
        return Part(lambda message: len(header_values(message, key)), None)
    if everything == "values.string":
        return Part(lambda message: _joined(message, key), None)
    if index is not None:
        return _header_value(key, index)

    def read(message: Message) -> object:
        value = message.headers.get(key)
        if value is None or "," not in value:
            return value
        return value.partition(",")[0].strip()

    def write(message: Message, value: object) -> None:
        if value is None:
            message.headers.popall(key, None)
        else:
            message.headers[key] = header_text(value)

    return Part(read, write)


def header_text(value: object) -> str:
    """A value as header text: line breaks can never reach the wire."""
    text = to_text(value)
    if "\r" in text or "\n" in text or "\0" in text:
        text = " ".join(text.replace("\0", " ").split())
    return text


def _header_value(key: str, index: int) -> Part:
    def read(message: Message) -> object:
        values = header_values(message, key)
        return values[index - 1] if 0 < index <= len(values) else None

    def write(message: Message, value: object) -> None:
        values = header_values(message, key)
        if 0 < index <= len(values):
            values[index - 1] = header_text(value)
        else:
            values.append(header_text(value))
        message.headers[key] = ",".join(values)

    return Part(read, write)


def _joined(message: Message, key: str) -> str | None:
    values = message.headers.getall(key, None)
    return None if values is None else ",".join(values)


# -- query and form parameters


def _query(message: Message) -> Parameters:
    return message.query_params


def _form(message: Message) -> Parameters:
    return message.form_params


def _parameter(is_form: bool, name: str, index: int | None, everything: str | None) -> Part:
    parameters = _form if is_form else _query
    to_edit = Message.make_form if is_form else _query
    if everything == "values":
        return Part(lambda message: parameters(message).all(name), None, is_form)
    if everything == "values.count":
        return Part(lambda message: len(parameters(message).all(name)), None, is_form)
    if everything == "values.string":
        return Part(lambda message: ",".join(parameters(message).all(name)), None, is_form)
    place = 0 if index is None else index - 1

    def read(message: Message) -> object:
        return parameters(message).get(name, place) if place >= 0 else None

    def write(message: Message, value: object) -> None:
        if value is None:
            to_edit(message).remove(name, None if index is None else place)
        else:
            to_edit(message).set(name, to_text(value), None if index is None else place)

    return Part(read, write, is_form)


# -- the rest


def _set_content(message: Message, value: object) -> None:
    if isinstance(value, bytes):
        message.body = value
    else:
        message.content = to_text(value)


def _set_status(message: Message, value: object) -> None:
    status = int(to_text(value).strip())
    if not 200 <= status <= 999:
        raise ValueError(f"{status} is no final status code")
    message.status_code = status


def _set_verb(message: Message, value: object) -> None:
    verb = to_text(value).strip()
    if not _TOKEN.fullmatch(verb):
        raise ValueError("the verb is no HTTP token")
    message.verb = verb


def _set_version(message: Message, value: object) -> None:
    version = to_text(value).strip()
    if version not in ("1.0", "1.1"):
        raise ValueError("the version is neither 1.0 nor 1.1")
    message.version = version


def _set_reason(message: Message, value: object) -> None:
    message.reason = header_text(value)


def _set_query(message: Message, value: object) -> None:
    message.query = quote(to_text(value), safe=_SAFE, errors="surrogateescape")


def _set_path(message: Message, value: object) -> None:
    path, mark, query = to_text(value).partition("?")
    message.path = quote(path, safe=_SAFE, errors="surrogateescape")
    if mark:
        _set_query(message, query)


def _url_safe(message: Message) -> str:
    return base64.urlsafe_b64encode(message.body).decode()


def _of_request(read: Read) -> Read:
    return lambda message: read(message) if message.is_request else None


_FIXED: dict[str, Part] = {
    "content": Part(lambda m: m.content, _set_content, True),
    "content.as.base64": Part(lambda m: base64.b64encode(m.body).decode(), None, True),
    "content.as.url.safe.base64": Part(_url_safe, None, True),
    "headers.count": Part(lambda m: len(m.headers), None),
    "headers.names": Part(lambda m: list(dict.fromkeys(m.headers)), None),
    "headers.names.string": Part(lambda m: ",".join(dict.fromkeys(m.headers)), None),
    "queryparams.count": Part(lambda m: len(m.query_params), None),
    "queryparams.names": Part(lambda m: m.query_params.names(), None),
    "queryparams.names.string": Part(lambda m: ",".join(m.query_params.names()), None),
    "querystring": Part(_of_request(lambda m: m.query), _set_query),
    "formparams.count": Part(lambda m: len(m.form_params), None, True),
    "formparams.names": Part(lambda m: m.form_params.names(), None, True),
    "formparams.names.string": Part(lambda m: ",".join(m.form_params.names()), None, True),
    "formstring": Part(lambda m: m.content if m.has_form else None, None, True),
    "path": Part(_of_request(lambda m: m.path), _set_path),
    "uri": Part(_of_request(lambda m: m.uri), None),
    "verb": Part(_of_request(lambda m: m.verb), _set_verb),
    "version": Part(lambda m: m.version if m.is_request else f"HTTP/{m.version}", _set_version),
    "status.code": Part(lambda m: None if m.is_request else m.status_code, _set_status),
    "reason.phrase": Part(lambda m: None if m.is_request else m.reason_phrase, _set_reason),
    "transport.message": Part(lambda m: m, None),
}
