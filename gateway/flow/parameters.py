"""Query and form parameters: parsed once, edited in place, untouched text kept.

A request's query goes to the target exactly as the client wrote it, save for the
parameters that a policy changed. Source: reference/runtime/variables.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_plus, unquote_to_bytes


class BadEncoding(ValueError):
    """A `%` that two hexadecimal digits do not follow."""


class Parameters:
    """An ordered multi-valued list of name and value, both decoded.

    `encoded()` gives the text back; a pair that nobody changed keeps its spelling.
    """

    __slots__ = ("_pairs", "changed")

    def __init__(self, text: str = "", *, strict: bool = False) -> None:
        """`strict` raises `BadEncoding` for a bare `%` (form bodies do)."""
        self._pairs: list[tuple[str, str, str | None]] = []
        self.changed = False
        for part in text.split("&") if text else ():
            if part:
                name, _, value = part.partition("=")
                self._pairs.append((_decoded(name, strict), _decoded(value, strict), part))

    def get(self, name: str, index: int = 0) -> str | None:
        """The value at `index` (from 0) among those of `name`; None when absent."""
        for pair in self._pairs:
            if pair[0] == name:
                if index == 0:
                    return pair[1]
                index -= 1
        return None

    def all(self, name: str) -> list[str]:
        return [value for key, value, _ in self._pairs if key == name]

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for name, _, _ in self._pairs))

    def items(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for name, value, _ in self._pairs)

    def add(self, name: str, value: str) -> None:
        self.changed = True
        self._pairs.append((name, value, None))

    def set(self, name: str, value: str, index: int | None = None) -> None:
        """Replace all values of `name`, or the one at `index` (from 0); append where
        there is none."""
        self.changed = True
        places = [i for i, pair in enumerate(self._pairs) if pair[0] == name]
        if (index is not None and index >= len(places)) or not places:
            self._pairs.append((name, value, None))
            return
        self._pairs[places[index or 0]] = (name, value, None)
        if index is None:
            for place in reversed(places[1:]):
                del self._pairs[place]

    def remove(self, name: str, index: int | None = None) -> None:
        places = [i for i, pair in enumerate(self._pairs) if pair[0] == name]
        if index is not None:
            places = places[index : index + 1]
        for place in reversed(places):
            self.changed = True
            del self._pairs[place]

    def clear(self) -> None:
        self.changed = self.changed or bool(self._pairs)
        self._pairs.clear()

    def encoded(self) -> str:
        return "&".join(
            raw if raw is not None else f"{_encoded(name)}={_encoded(value)}"
            for name, value, raw in self._pairs
        )

    def __len__(self) -> int:
        return len(self._pairs)


def _encoded(text: str) -> str:
    return quote_plus(text.encode("utf-8", "replace"))


def _decoded(text: str, strict: bool) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    if strict and _has_bare_percent(text):
        raise BadEncoding("a % that two hexadecimal digits do not follow")
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")


def _has_bare_percent(text: str) -> bool:
    digits = "0123456789abcdefABCDEF"
    place = text.find("%")
    while place >= 0:
        pair = text[place + 1 : place + 3]
        if len(pair) < 2 or pair[0] not in digits or pair[1] not in digits:
            return True
        place = text.find("%", place + 1)
    return False
