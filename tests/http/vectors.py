"""llhttp's published messages: markdown in, bytes and verdict out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "shared" / "vectors" / "llhttp"
_CASE = re.compile(
    r"<!-- meta=(?P<meta>\{.*?\}) -->\s*```http\n(?P<message>.*?)\n?```"
    r"(?:(?!<!-- meta).)*?```log\n(?P<log>.*?)```",
    re.DOTALL,
)
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "f": "\f"}


@dataclass(frozen=True)
class Vector:
    name: str
    message: bytes
    refused: bool
    """llhttp, strict, reports an error."""
    log: str


def read(kind: str) -> list[Vector]:
    """The strict cases of `kind` (`request` or `response`); none where the folder is
    absent."""
    vectors = []
    for path in sorted((FOLDER / kind).glob("*.md")):
        text, heading, count = path.read_text(), "", 0
        for match in _CASE.finditer(text):
            meta = json.loads(match["meta"])
            if meta["type"] not in (kind, f"{kind}-finish") or "pause" in meta:
                continue
            headings = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)
            count = count + 1 if headings[-1] == heading else 0
            heading = headings[-1]
            suffix = f" #{count + 1}" if count else ""
            vectors.append(
                Vector(
                    f"{path.stem}: {heading}{suffix}",
                    _bytes(match["message"]),
                    bool(re.search(r"error code=(?!21\b|22\b)", match["log"])),
                    match["log"],
                )
            )
    return vectors


def _bytes(text: str) -> bytes:
    """llhttp's own rules: lines end with CRLF, a backslash at the end joins lines."""
    text = text.replace("\\\n", "").replace("\n", "\r\n")
    text = re.sub(r"\\([rntf])", lambda match: _ESCAPES[match[1]], text)
    text = re.sub(r"\\x([0-9A-Fa-f]{1,2})", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"\\([0-7]{2,3})", lambda match: chr(int(match[1], 8) & 255), text)
    return text.encode("latin-1" if all(ord(c) < 256 for c in text) else "utf-8")


def with_host(message: bytes) -> bytes:
    """The same request with a Host, so that it is judged for what it is about."""
    first, end, rest = message.lstrip(b"\r\n").partition(b"\r\n")
    head = rest.partition(b"\r\n\r\n")[0].lower()
    if not first.endswith((b" HTTP/1.1", b" HTTP/1.0")) or head.startswith(b"host:"):
        return message
    if b"\nhost:" in head:
        return message
    return first + end + b"Host: example.com\r\n" + rest
