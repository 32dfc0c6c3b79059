"""What is wrong with a bundle, with file, line and remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Severity = Literal["error", "warning"]


class Located(Protocol):
    """Anything that knows its file and line."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `file` is relative to the bundle, `line` counts from 1; 0: the file."""

    severity: Severity
    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        mark = "warning: " if self.severity == "warning" else ""
        return f"{place}: {mark}{self.message}"


class BundleError(Exception):
    """A bundle that cannot be read or compiled: all errors that were found."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))

    @classmethod
    def at(cls, file: str, line: int, message: str) -> BundleError:
        return cls((Diagnostic("error", file, line, message),))


@dataclass(frozen=True, slots=True)
class Place:
    """A file and line of its own."""

    file: str
    line: int = 0


class Diagnostics:
    """Collects findings, so that an author sees all of them at once."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

    def error(self, where: Located, message: str) -> None:
        self._found[Diagnostic("error", where.file, where.line, message)] = None

    def warning(self, where: Located, message: str) -> None:
        self._found[Diagnostic("warning", where.file, where.line, message)] = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        self._found.update(dict.fromkeys(diagnostics))

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(item for item in self._found if item.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(item for item in self._found if item.severity == "warning")

    def raise_if_errors(self) -> None:
        """Raises `BundleError` with every error."""
        if errors := self.errors:
            raise BundleError(errors)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: "; did you mean 'x'?" or nothing."""
    folded = {item.casefold(): item for item in known}
    close = difflib.get_close_matches(name.casefold(), folded, 1)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""
