"""Which paths belong to a bundle, and how much of it there may be.

Source: reference/runtime/flows.md section 1, endpoint-properties.md section 10 (limits).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from gateway.bundle.diagnostics import BundleError

Files = Mapping[str, bytes]
"""Paths relative to the bundle (`apiproxy/policies/A.xml`), with `/`."""

ROOTS = ("apiproxy", "sharedflowbundle")
MAX_ENTRIES = 5_000
MAX_BYTES = 15 * 1024 * 1024
"""Of a ZIP."""
MAX_UNPACKED = 60 * 1024 * 1024
_LITTER = frozenset({"__MACOSX", ".DS_Store"})


def is_bundle_file(name: str) -> bool:
    """Whether a path belongs to the bundle: below its root, and no litter of an editor,
    an operating system or a management server."""
    parts = name.split("/")
    return (
        parts[0] in ROOTS
        and len(parts) > 1
        and parts[1] != "manifests"
        and not any(part.startswith("._") or part in _LITTER for part in parts)
        and not name.endswith((".bak", "~", "/"))
    )


def missing_root(names: Iterable[str]) -> str:
    """Why there is no bundle among these paths, with what an author can do about it."""
    for name in names:
        parts = name.split("/")
        if parts[0] in ("policies", "proxies", "sharedflows"):
            return f"there is no {ROOTS[0]}/ folder: pack the folder itself, not what is in it"
        for depth, part in enumerate(parts[1:-1], 1):
            if part in ROOTS:
                where = "/".join(parts[:depth])
                return f"{part}/ must be at the top, here it is in {where}/"
    return "there is no apiproxy/ or sharedflowbundle/ folder in it"


class Contents:
    """The files read so far. Raises `BundleError` when they become too many or too large,
    or when two names differ in nothing or only in upper and lower case."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._names: dict[str, str] = {}
        self._unpacked = 0

    def expect(self, name: str, size: int) -> None:
        """Claim a name and `size` bytes, before anything is read."""
        same = unicodedata.normalize("NFC", name).casefold()
        if same in self._names:
            raise BundleError.at(name, 0, f"it is there twice (the other is {self._names[same]})")
        self._names[same] = name
        self._unpacked += size
        if len(self._names) > MAX_ENTRIES:
            raise BundleError.at(name, 0, f"the bundle has more than {MAX_ENTRIES:,} files")
        if self._unpacked > MAX_UNPACKED:
            raise BundleError.at(name, 0, f"the bundle has more than {MAX_UNPACKED:,} bytes")
