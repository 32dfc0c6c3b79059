"""What repositories raise."""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot be used; the message says why and what to do."""


class NotFound(Exception):
    """There is no such entity. `kind` is its family, such as `developer`."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} '{name}'")
        self.kind = kind
        self.name = name


class AlreadyExists(Exception):
    """An entity of that name is there already."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is a {kind} '{name}' already")
        self.kind = kind
        self.name = name


class Conflict(Exception):
    """The change contradicts what is there: `reason` says what."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unstorable(Conflict):
    """A value that the database cannot hold: too long, or with a character that is no
    text (NUL, half a surrogate pair)."""
