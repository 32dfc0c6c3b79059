"""Proves, where it can, that a backtracking engine takes linear time for a pattern.

The proof: at each choice the next character decides (as in LL(1) grammars), so a wrong turn
is noticed at once. A few bounded choices are allowed, since they cost a factor only.
What cannot be proved is not necessarily slow; it runs under a time limit.
"""

from __future__ import annotations

from gateway.flow import charset
from gateway.flow.charset import Ranges
from gateway.flow.regex_syntax import (
    GRAPHEME,
    START,
    Assertion,
    Atomic,
    Chars,
    Choice,
    Group,
    Node,
    Repeat,
    Sequence,
)

_MOST_WAYS = 32
"""Ways through the bounded choices of a pattern: the factor on its linear time."""

_TAIL_WIDTH = 32
"""Characters that may follow a `.*` whose end the next character does not decide."""

_SEARCH_WIDTH = 256


class _Unproved(Exception):
    pass


def is_linear_match(node: Node) -> bool:
    """True when matching the pattern against a whole text surely takes linear time."""
    try:
        _top(node)
    except _Unproved:
        return False
    return True


def is_linear_search(node: Node) -> bool:
    """True when searching a text for the pattern surely takes linear time."""
    if isinstance(node, Repeat) and isinstance(node.item, Chars) and node.low <= 1:
        return True
    if not is_linear_match(node):
        return False
    width = _width(node)
    if width is not None and width <= _SEARCH_WIDTH:
        return True
    return isinstance(node, Sequence) and node.items[0] is START


def _top(node: Node) -> None:
    """A whole pattern: one undecided `.*` may stand before a short, bounded end."""
    if not isinstance(node, Sequence):
        _ways(node, charset.EMPTY)
        return
    follow, ways, width, used = charset.EMPTY, 1, 0, False
    for item in reversed(node.items):
        own = _width(item)
        if not used and width <= _TAIL_WIDTH and ways <= 2 and _is_undecided(item, follow):
            used = True
        else:
            ways *= _ways(item, follow)
        if ways > _MOST_WAYS or (used and ways > 2):
            raise _Unproved
        width = width + own if own is not None else _TAIL_WIDTH + 1
        first, nullable = _first(item)
        follow = charset.union(first, follow) if nullable else first


def _is_undecided(item: Node, follow: Ranges) -> bool:
    if not isinstance(item, Repeat) or item.high is not None or item.mode == "+":
        return False
    return isinstance(item.item, Chars) and charset.overlap(item.item.ranges, follow)


def _ways(node: Node, follow: Ranges) -> int:
    """In how many ways a text may be tried at most; `follow` may come after the node."""
    match node:
        case Chars():
            return 1
        case Assertion():
            if node is GRAPHEME:
                raise _Unproved
            return 1
        case Group(item) | Atomic(item):
            return _ways(item, follow)
        case Sequence(items):
            return _sequence_ways(items, follow)
        case Choice(options):
            return _choice_ways(options, follow)
        case Repeat():
            return _repeat_ways(node, follow)
    raise _Unproved


def _sequence_ways(items: tuple[Node, ...], follow: Ranges) -> int:
    ways = 1
    for item in reversed(items):
        ways = _bounded(ways * _ways(item, follow))
        first, nullable = _first(item)
        follow = charset.union(first, follow) if nullable else first
    return ways


def _choice_ways(options: tuple[Node, ...], follow: Ranges) -> int:
    ways = [_ways(option, follow) for option in options]
    seen: Ranges = charset.EMPTY
    for option in options:
        first, nullable = _first(option)
        start = charset.union(first, follow) if nullable else first
        if charset.overlap(seen, start):
            return _bounded(sum(ways))
        seen = charset.union(seen, start)
    empties = sum(_first(option)[1] for option in options)
    return _bounded(sum(ways)) if empties > 1 else max(ways)


def _repeat_ways(node: Repeat, follow: Ranges) -> int:
    first, nullable = _first(node.item)
    if node.mode == "+" and not isinstance(node.item, Chars):
        raise _Unproved
    inner = charset.union(first, follow) if node.high != 1 else follow
    ways = _ways(node.item, inner)
    decided = node.mode == "+" or not charset.overlap(first, follow)
    if node.high is None:
        if nullable or ways > 1 or not decided:
            raise _Unproved
        return 1
    if nullable and node.high > 1:
        raise _Unproved
    ways = ways ** min(node.high, _MOST_WAYS) if ways > 1 else 1
    if node.low == node.high or (decided and not nullable):
        return _bounded(ways)
    return _bounded(ways * (node.high - node.low + 1))


def _bounded(ways: int) -> int:
    if ways > _MOST_WAYS:
        raise _Unproved
    return ways


def _first(node: Node) -> tuple[Ranges, bool]:
    """Characters that may begin a match of the node, and whether it may match nothing."""
    match node:
        case Chars(ranges):
            return ranges, False
        case Group(item) | Atomic(item):
            return _first(item)
        case Sequence(items):
            ranges, nullable = charset.EMPTY, True
            for item in items:
                more, nullable = _first(item)
                ranges = charset.union(ranges, more)
                if not nullable:
                    break
            return ranges, nullable
        case Choice(options):
            firsts = [_first(option) for option in options]
            return charset.union(*(ranges for ranges, _ in firsts)), any(null for _, null in firsts)
        case Repeat(item, low):
            ranges, nullable = _first(item)
            return ranges, nullable or low == 0
    return charset.EMPTY, True


def _width(node: Node) -> int | None:
    """Characters that the node matches at most; None when that is not bounded."""
    match node:
        case Chars():
            return 1
        case Assertion():
            return 0
        case Group(item) | Atomic(item):
            return _width(item)
        case Sequence(parts) | Choice(parts):
            widths = [_width(part) for part in parts]
            known = [width for width in widths if width is not None]
            if len(known) < len(widths):
                return None
            return sum(known) if isinstance(node, Sequence) else max(known)
        case Repeat(item, _, int(high)):
            width = _width(item)
            return None if width is None else width * high
    return None
