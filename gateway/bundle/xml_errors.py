"""What expat refuses, in words that name the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pyexpat import ErrorString, errors

Innermost = tuple[str, int] | None
"""Name and line of the element that is open where the parser stopped."""

_BARE_SIGN = re.compile(rb"&[A-Za-z0-9_.:-]*.?\Z|<.?\Z", re.DOTALL)


def explain(code: int, content: bytes, offset: int, innermost: Innermost) -> str:
    """The reason, with what an author can do about it. `offset` is the byte where the
    parser stopped."""
    reason = ErrorString(code) or f"error {code}"
    remedy = _REMEDIES.get(reason, _none)(content, offset, innermost)
    reason = reason.removeprefix("not well-formed (").removesuffix(")")
    return f"{reason}; {remedy}" if remedy else reason


def _none(content: bytes, offset: int, innermost: Innermost) -> str:
    return ""


def _misplaced_declaration(content: bytes, offset: int, innermost: Innermost) -> str:
    before = content[:offset].strip().removeprefix(b"\xef\xbb\xbf")
    what = "a comment" if before.startswith(b"<!--") else "markup" if before else "a blank"
    return f"the XML declaration must be the very first thing in the file, {what} stands before it"


def _unclosed(content: bytes, offset: int, innermost: Innermost) -> str:
    return f"<{innermost[0]}> of line {innermost[1]} is not closed" if innermost else ""


def _undefined_entity(content: bytes, offset: int, innermost: Innermost) -> str:
    return "XML knows &amp; &lt; &gt; &quot; &apos; and numbers such as &#160; only"


def _invalid_token(content: bytes, offset: int, innermost: Innermost) -> str:
    if _BARE_SIGN.search(content[max(0, offset - 40) : offset + 1]):
        return "in text, write & as &amp; and < as &lt;"
    if content[offset : offset + 1] >= b"\x80":
        return "the bytes are not in the file's encoding: save it as UTF-8"
    return ""


_REMEDIES: dict[str, Callable[[bytes, int, Innermost], str]] = {
    errors.XML_ERROR_MISPLACED_XML_PI: _misplaced_declaration,
    errors.XML_ERROR_TAG_MISMATCH: _unclosed,
    errors.XML_ERROR_NO_ELEMENTS: _unclosed,
    errors.XML_ERROR_UNDEFINED_ENTITY: _undefined_entity,
    errors.XML_ERROR_INVALID_TOKEN: _invalid_token,
}
