"""The fenced blocks of a Markdown page, and the comments that say how to run them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["run", "background", "skip", "output", "unmarked"]

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*$")
MARKER = re.compile(r"^ *<!-- (?P<what>run in background until|run|skip|output)(?P<rest>.*?) ?-->$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `until`: the text that a background command prints when it is up."""

    kind: Kind
    language: str
    text: str
    page: str
    line: int
    until: str = ""


class BadMarker(ValueError):
    """A marker that says nothing sensible; the message names page and line."""


def blocks_of(page: Path, name: str) -> list[Block]:
    """All blocks in their order. Only `bash` and `console` blocks need a marker."""
    return list(_blocks(page.read_text(encoding="utf-8").splitlines(), name))


def _blocks(lines: list[str], page: str) -> Iterator[Block]:
    marker: tuple[Kind, str] = ("unmarked", "")
    number = 0
    while number < len(lines):
        line = lines[number]
        if fence := FENCE.match(line):
            end = _end(lines, number, fence["indent"], page)
            text = "\n".join(row.removeprefix(fence["indent"]) for row in lines[number + 1 : end])
            yield Block(marker[0], fence["language"], text, page, number + 1, marker[1])
            number, marker = end, ("unmarked", "")
        elif found := MARKER.match(line):
            marker = _read_marker(found["what"], found["rest"].strip(), f"{page}:{number + 1}")
        elif line.strip():
            marker = ("unmarked", "")
        number += 1


def _end(lines: list[str], start: int, indent: str, page: str) -> int:
    for number in range(start + 1, len(lines)):
        if lines[number].rstrip() == f"{indent}```":
            return number
    raise BadMarker(f"{page}:{start + 1}: the block does not end")


def _read_marker(what: str, rest: str, where: str) -> tuple[Kind, str]:
    if what == "run in background until":
        quoted = re.fullmatch(r'"(.+)"', rest)
        if quoted is None:
            raise BadMarker(f'{where}: write <!-- run in background until "TEXT" -->')
        return "background", quoted[1]
    if what == "skip":
        if not rest.startswith(":") or not rest[1:].strip():
            raise BadMarker(f"{where}: a skip needs its reason: <!-- skip: REASON -->")
        return "skip", ""
    if rest:
        raise BadMarker(f"{where}: unexpected '{rest}'")
    return ("run", "") if what == "run" else ("output", "")


def missing_line(expected: str, output: str) -> str | None:
    """The first line of `expected` that does not appear in `output`, in order; None when
    all do. `...` stands for anything, blank lines are left out, words match as a whole,
    and letters' case in front of a header's colon does not count."""
    position = 0
    for line in filter(None, map(str.strip, expected.splitlines())):
        parts = [re.escape(part) for part in line.split("...")]
        header = re.match(r"([A-Za-z-]+): ", line)
        pattern = ".*".join(parts)
        if header is not None:
            pattern = f"(?i:{re.escape(header[1])}){pattern[len(re.escape(header[1])) :]}"
        found = re.compile(rf"(?<!\w){pattern}(?!\w)").search(output, position)
        if found is None:
            return line
        position = found.end()
    return None
