"""Sets of characters as sorted, disjoint ranges of code points.

Java's character classes (union, intersection, negation, POSIX and Unicode properties) are
computed on them, so that what is handed to a regular-expression engine is a plain class.
Source: java.util.regex.Pattern (Java 17).
"""

from __future__ import annotations

import array
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

import regex  # type: ignore[import-untyped]

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""(first, last) code points, both included."""

LAST = 0x10FFFF
EMPTY: Ranges = ()
EVERYTHING: Ranges = ((0, LAST),)


def union(*sets: Ranges) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pair for ranges in sets for pair in ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    gaps: list[tuple[int, int]] = []
    place = 0
    for first, last in ranges:
        if first > place:
            gaps.append((place, first - 1))
        place = last + 1
    if place <= LAST:
        gaps.append((place, LAST))
    return tuple(gaps)


def intersection(left: Ranges, right: Ranges) -> Ranges:
    return complement(union(complement(left), complement(right)))


def overlap(left: Ranges, right: Ranges) -> bool:
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i][1] < right[j][0]:
            i += 1
        elif right[j][1] < left[i][0]:
            j += 1
        else:
            return True
    return False


def of(characters: str) -> Ranges:
    """The set of these characters."""
    return union(*(((ord(char), ord(char)),) for char in characters))


def span(*pairs: str) -> Ranges:
    """Ranges written as two characters each: `span("az", "09")`."""
    return union(*(((ord(pair[0]), ord(pair[1])),) for pair in pairs))


LOWER, UPPER, DIGIT = span("az"), span("AZ"), span("09")
ALPHA = union(LOWER, UPPER)
WORD = union(ALPHA, DIGIT, of("_"))
SPACE = of(" \t\n\v\f\r")
HORIZONTAL = union(of(" \t\xa0\u1680\u180e\u202f\u205f\u3000"), span("\u2000\u200a"))
VERTICAL = of("\n\v\f\r\x85\u2028\u2029")
LINE_ENDS = of("\n\r\x85\u2028\u2029")

POSIX: dict[str, Ranges] = {
    "Lower": LOWER,
    "Upper": UPPER,
    "ASCII": span("\0\x7f"),
    "Alpha": ALPHA,
    "Digit": DIGIT,
    "Alnum": union(ALPHA, DIGIT),
    "Punct": span("!/", ":@", "[`", "{~"),
    "Graph": span("!~"),
    "Print": span(" ~"),
    "Blank": of(" \t"),
    "Cntrl": union(span("\0\x1f"), of("\x7f")),
    "XDigit": union(DIGIT, span("af", "AF")),
    "Space": SPACE,
}

_JAVA_METHODS = {
    "javaLowerCase": "Lowercase",
    "javaUpperCase": "Uppercase",
    "javaAlphabetic": "Alphabetic",
    "javaIdeographic": "Ideographic",
    "javaTitleCase": "Lt",
    "javaDigit": "Nd",
    "javaLetter": "L",
    "javaDefined": "Assigned",
    "javaMirrored": "Bidi_Mirrored",
}
_LATIN_1 = {"L1": span("\0\xff")}


_EITHER_CASE = {
    **dict.fromkeys(("Lower", "Upper"), "Alpha"),
    **dict.fromkeys(("Lu", "Ll", "Lt"), "LC"),
    **dict.fromkeys(("IsLowercase", "IsUppercase", "IsTitlecase"), "IsCased"),
    **dict.fromkeys(("javaLowerCase", "javaUpperCase", "javaTitleCase"), "IsCased"),
}
"""What these properties mean where case is ignored."""


def named(name: str, ignore_case: bool = False) -> Ranges | None:
    """The set behind `\\p{name}`, None when Java's name means nothing to us."""
    name = _EITHER_CASE.get(name, name) if ignore_case else name
    if name in POSIX:
        return POSIX[name]
    if name in _LATIN_1:
        return _LATIN_1[name]
    if name == "javaLetterOrDigit":
        return union(_unicode("L") or EMPTY, _unicode("Nd") or EMPTY)
    if name == "javaWhitespace":
        return complement(union(complement(_white_space()), of("\x85\xa0\u2007\u202f")))
    if name.startswith("java"):
        return _unicode(_JAVA_METHODS.get(name, ""))
    if name.startswith("Is"):
        return _unicode(name[2:])
    if name.startswith("In"):
        return _unicode("block=" + name[2:])
    return _unicode(name)


def _white_space() -> Ranges:
    return union(_unicode("White_Space") or EMPTY, span("\x1c\x1f"))


@lru_cache(maxsize=256)
def _unicode(prop: str) -> Ranges | None:
    """All characters with a Unicode property, as the regex library knows it."""
    key, _, value = prop.rpartition("=")
    if not all(part.replace("_", "").replace("-", "").isalnum() for part in (key or value, value)):
        return None
    try:
        pattern = regex.compile(rf"\p{{{prop}}}+")
    except regex.error:
        return None
    points = array.array("I", range(LAST + 1)).tobytes()
    order = "utf-32-le" if array.array("I", [1]).tobytes()[0] else "utf-32-be"
    everything = points.decode(order, "surrogatepass")
    return tuple((match.start(), match.end() - 1) for match in pattern.finditer(everything))


_ODD_CASES = (("s", "\u017f"), ("k", "\u212a"), ("\xe5", "\u212b"))
"""Letters with a third form, which neither lower() nor upper() of the others gives."""

_FOLDED_LIMIT = 0x3000
"""Characters of a set that are case-folded one by one; larger sets stay as they are."""


@lru_cache(maxsize=256)
def ignoring_case(ranges: Ranges, unicode_case: bool) -> Ranges:
    """The set with both cases of its letters: ASCII's only, or Unicode's (Java's `u`)."""
    letters = list(_letters(ranges, LAST if unicode_case else 0x7F))
    swapped = (
        form
        for char in letters
        for form in (char.lower(), char.upper(), char.upper().lower())
        if len(form) == 1
    )
    folded = union(ranges, *(((ord(form), ord(form)),) for form in swapped))
    if not unicode_case:
        return folded
    return union(folded, *(of(odd) for plain, odd in _ODD_CASES if overlap(folded, of(plain))))


def _letters(ranges: Ranges, last: int) -> Iterable[str]:
    if last > 0x7F and sum(high - low + 1 for low, high in ranges) > _FOLDED_LIMIT:
        last = 0x7F
    for low, high in ranges:
        for point in range(low, min(high, last) + 1):
            if chr(point).isalpha():
                yield chr(point)
