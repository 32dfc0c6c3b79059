"""Base paths: `/v1/weather`, `/team/*/members`, `/`.

Source: reference/runtime/flows.md section 2.
"""

from __future__ import annotations

import re

from gateway.bundle.placeholders import find_placeholder

_UNSERVED = re.compile(r"[\s?#\x00-\x1f\x7f]")


class BadBasePath(ValueError):
    """A base path that cannot be routed; the message says why."""


def parse_base_path(text: str) -> str:
    """`/v1/weather` of `/v1/weather/`, `v1/weather` and the like; `/` of nothing.
    Raises `BadBasePath`."""
    path = "/" + text.strip().strip("/")
    if placeholder := find_placeholder(path):
        raise BadBasePath(f"holds the unfilled placeholder {placeholder}")
    if _UNSERVED.search(path):
        raise BadBasePath("holds a blank, a control character, ? or #")
    if path == "/":
        return path
    segments = path.split("/")[1:]
    if "" in segments:
        raise BadBasePath("has an empty segment")
    if "." in segments or ".." in segments:
        raise BadBasePath("has a dot segment: requests with one are refused")
    for segment in segments:
        if "*" in segment and segment != "*":
            raise BadBasePath(f"is not served: a wildcard * is one whole segment, not '{segment}'")
    if segments[0] == "*":
        raise BadBasePath("is not served: the first segment cannot be the wildcard *")
    return path
