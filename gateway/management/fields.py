"""Reads JSON bodies: every refusal is a 400 that names the field.

Limits: at most 18 custom attributes, their names up to 1 KB and values up to 2 KB, as
Edge documents for entities; names of entities up to 255 characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.management.errors import ApiError, invalid_field
from gateway.ports.identity import Attributes

MAX_ATTRIBUTES = 18
MAX_ATTRIBUTE_NAME = 1024
MAX_ATTRIBUTE_VALUE = 2048
MAX_NAME = 255
MAX_TEXT = 2048
MAX_ITEMS = 2000
MAX_KEPT_DEPTH = 20
MAX_KEPT_TEXT = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ABSENT = object()


def read_object(content: bytes, media_type: str) -> Fields:
    """The JSON object of a body. An empty body is an empty object."""
    if not content.strip():
        return Fields({})
    if "json" not in media_type and media_type not in ("", "application/octet-stream"):
        raise ApiError(
            415,
            "management.UnsupportedMediaType",
            f"Content-Type {media_type} is not supported here, send application/json",
        )
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ApiError(
            400, "management.InvalidJSON", f"The body is not valid JSON: {error}"
        ) from None
    if not isinstance(value, dict):
        raise ApiError(400, "management.InvalidJSON", "The body is not a JSON object")
    return Fields(value)


class Fields:
    """The members of a JSON object, read by type. JSON null counts as absent."""

    def __init__(self, members: Mapping[str, Any], place: str = "") -> None:
        self._members = members
        self._place = place

    def __contains__(self, field: str) -> bool:
        return self._members.get(field) is not None

    def _member(self, field: str) -> Any:
        value = self._members.get(field)
        return _ABSENT if value is None else value

    def text(self, field: str, default: str = "", limit: int = MAX_TEXT) -> str:
        value = self._member(field)
        if value is _ABSENT:
            return default
        return checked_text(value, self._place + field, limit)

    def name(self, field: str) -> str:
        """A required, not empty, single-line text."""
        if self._member(field) is _ABSENT:
            raise invalid_field(self._place + field, "it is missing")
        return checked_name(self._members[field], self._place + field)

    def number_text(self, field: str) -> str | None:
        """A number, as JSON number or as text; None when absent or empty."""
        value = self._member(field)
        if value is _ABSENT or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise invalid_field(self._place + field, "a whole number is expected")
        return value

    def integer(self, field: str, default: int) -> int:
        text = self.number_text(field)
        return default if text is None else int(text)

    def choice(self, field: str, choices: Sequence[str], default: str) -> str:
        value = self.text(field, default)
        if value not in choices:
            raise invalid_field(self._place + field, f"one of {', '.join(choices)} is expected")
        return value

    def texts(self, field: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of texts, in order, each once."""
        value = self._member(field)
        if value is _ABSENT:
            return default
        place = self._place + field
        if not isinstance(value, list):
            raise invalid_field(place, "a list of strings is expected")
        if len(value) > MAX_ITEMS:
            raise invalid_field(place, f"at most {MAX_ITEMS} entries are allowed")
        texts = [checked_text(item, f"{place}[{n}]", MAX_TEXT) for n, item in enumerate(value)]
        return tuple(dict.fromkeys(texts))

    def attributes(self, field: str = "attributes", default: Attributes = ()) -> Attributes:
        """Custom attributes: `[{"name": ..., "value": ...}]`. Of two with the same name
        the last one counts."""
        value = self._member(field)
        if value is _ABSENT:
            return default
        place = self._place + field
        if not isinstance(value, list):
            raise invalid_field(place, "a list of attributes is expected")
        found: dict[str, str] = {}
        for number, item in enumerate(value):
            if not isinstance(item, dict):
                raise invalid_field(f"{place}[{number}]", "an object with name and value")
            name, text = Fields(item, f"{place}[{number}].").attribute()
            found[name] = text
        return checked_attributes(tuple(found.items()), place)

    def attribute(self, name: str | None = None) -> tuple[str, str]:
        """One custom attribute; `name` where the path names it."""
        if name is None:
            if self._member("name") is _ABSENT:
                raise invalid_field(self._place + "name", "it is missing")
            name = checked_name(self._members["name"], self._place + "name", MAX_ATTRIBUTE_NAME)
        return name, self.text("value", limit=MAX_ATTRIBUTE_VALUE)

    def rest(self, known: Sequence[str]) -> dict[str, Any]:
        """The members that are not in `known`, which are kept as they are."""
        found = {name: value for name, value in self._members.items() if name not in known}
        for name, value in found.items():
            checked_text(name, "a member's name", MAX_NAME)
            _check_kept(value, self._place + name, MAX_KEPT_DEPTH)
        return found


def _check_kept(value: Any, place: str, depth: int) -> None:
    if depth == 0:
        raise invalid_field(place, f"it is nested more than {MAX_KEPT_DEPTH} levels deep")
    if isinstance(value, dict):
        for name, member in value.items():
            checked_text(name, place, MAX_NAME)
            _check_kept(member, place, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check_kept(item, place, depth - 1)
    elif isinstance(value, str):
        checked_text(value, place, MAX_KEPT_TEXT)


def checked_attributes(attributes: Attributes, place: str = "attributes") -> Attributes:
    if len(attributes) > MAX_ATTRIBUTES:
        raise invalid_field(place, f"at most {MAX_ATTRIBUTES} custom attributes are allowed")
    return attributes


def checked_text(value: Any, place: str, limit: int) -> str:
    """A text of at most `limit` bytes of UTF-8 without control characters."""
    if not isinstance(value, str):
        raise invalid_field(place, "a string is expected")
    if len(value.encode()) > limit:
        raise invalid_field(place, f"at most {limit} bytes are allowed")
    if _CONTROL.search(value):
        raise invalid_field(place, "control characters are not allowed")
    return value


def checked_name(value: Any, place: str, limit: int = MAX_NAME) -> str:
    """A name: not empty, no control characters, no blanks around it."""
    text = checked_text(value, place, limit)
    if not text.strip():
        raise invalid_field(place, "it is empty")
    if text != text.strip() or _NAME_CONTROL.search(text):
        raise invalid_field(place, "blanks around it and control characters are not allowed")
    return text
