"""Which ProxyEndpoint serves a path: the longest base path, on whole segments.

A trie of segments: the cost follows the depth of the path, not the number of proxies.
Source: reference/runtime/flows.md section 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_MEMO_SIZE = 4096
_MEMO_PATH = 256
"""Answers remembered, and the longest path worth remembering: at most a few MB."""


class _Node(Generic[T]):
    __slots__ = ("children", "value", "wildcard")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.wildcard: _Node[T] | None = None
        self.value: T | None = None


class Router(Generic[T]):
    """Base paths and what they lead to. `*` stands for exactly one segment."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._wildcards = 0
        self._depth = 1
        self._found: dict[str, tuple[T, str]] = {}

    def add(self, base_path: str, value: T) -> None:
        """Route `base_path` (starting with `/`) to `value`, in place of another one."""
        node = self._root
        segments = _segments(base_path)
        for segment in segments:
            if segment == "*":
                if node.wildcard is None:
                    node.wildcard = _Node()
                    self._wildcards += 1
                node = node.wildcard
            else:
                node = node.children.setdefault(segment, _Node())
        self._depth = max(self._depth, len(segments) + 1)
        node.value = value
        self._found.clear()

    def remove(self, base_path: str) -> None:
        """Forget `base_path`; nothing happens when it is not there."""
        trail: list[tuple[_Node[T], str]] = []
        node = self._root
        for segment in _segments(base_path):
            trail.append((node, segment))
            below = _below(node, segment)
            if below is None:
                return
            node = below
        node.value = None
        self._found.clear()
        for parent, segment in reversed(trail):
            if _leads_somewhere(node):
                return
            if segment == "*":
                parent.wildcard = None
                self._wildcards -= 1
            else:
                del parent.children[segment]
            node = parent

    def get(self, base_path: str) -> T | None:
        """What exactly this base path leads to."""
        node = self._root
        for segment in _segments(base_path):
            below = _below(node, segment)
            if below is None:
                return None
            node = below
        return node.value

    def find(self, path: str) -> tuple[T, str] | None:
        """(value, path suffix) for the raw path of a request; None without a match. The
        suffix starts with `/`, or is empty when nothing is left."""
        found = self._found.get(path)
        if found is not None:
            return found
        found = self._find_wild(path) if self._wildcards else self._find_literal(path)
        if found is not None and len(path) <= _MEMO_PATH:
            if len(self._found) >= _MEMO_SIZE:
                self._found.clear()
            self._found[path] = found
        return found

    def _find_literal(self, path: str) -> tuple[T, str] | None:
        node = self._root
        value, place = node.value, 0
        at = 0
        for segment in path.split("/", self._depth)[1:]:
            below = node.children.get(segment)
            if below is None:
                break
            node = below
            at += len(segment) + 1
            if node.value is not None:
                value, place = node.value, at
        return None if value is None else (value, path[place:])

    def _find_wild(self, path: str) -> tuple[T, str] | None:
        segments = path.split("/", self._depth)[1:]

        def walk(node: _Node[T], index: int, at: int) -> tuple[T, int] | None:
            if index < len(segments):
                segment = segments[index]
                beyond = at + len(segment) + 1
                child = node.children.get(segment)
                found = walk(child, index + 1, beyond) if child is not None else None
                if found is None and node.wildcard is not None and segment:
                    found = walk(node.wildcard, index + 1, beyond)
                if found is not None:
                    return found
            return None if node.value is None else (node.value, at)

        found = walk(self._root, 0, 0)
        return None if found is None else (found[0], path[found[1] :])

    def items(self) -> Iterator[tuple[str, T]]:
        """(base path, value) of everything that is routed."""
        pending: list[tuple[str, _Node[T]]] = [("", self._root)]
        while pending:
            prefix, node = pending.pop()
            if node.value is not None:
                yield prefix or "/", node.value
            pending.extend((f"{prefix}/{name}", child) for name, child in node.children.items())
            if node.wildcard is not None:
                pending.append((f"{prefix}/*", node.wildcard))


def _leads_somewhere(node: _Node[T]) -> bool:
    return node.value is not None or bool(node.children) or node.wildcard is not None


def _below(node: _Node[T], segment: str) -> _Node[T] | None:
    return node.wildcard if segment == "*" else node.children.get(segment)


def _segments(base_path: str) -> list[str]:
    return [] if base_path == "/" else base_path.split("/")[1:]
