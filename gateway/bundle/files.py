"""The files of a bundle: from a folder or a ZIP, within limits, never from elsewhere.

Paths are relative to the bundle (`apiproxy/policies/A.xml`), with `/`.
Source: reference/runtime/endpoint-properties.md section 10 (limits).
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.bundle.diagnostics import BundleError

Files = Mapping[str, bytes]

ROOTS = ("apiproxy", "sharedflowbundle")
MAX_ENTRIES = 5_000
MAX_BYTES = 15 * 1024 * 1024
MAX_UNPACKED = 60 * 1024 * 1024
MAX_RATIO = 200
_RATIO_FREE = 100_000
"""Files below this size may compress as well as they like."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_path(path: Path) -> dict[str, bytes]:
    """The files of a bundle's folder, of its apiproxy/ folder itself, or of a ZIP.
    Raises `BundleError`."""
    if path.is_dir():
        return read_folder(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BundleError.at(str(path), 0, error.strerror or str(error)) from error
    return read_zip(content, str(path))


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files below a bundle's folder. Links that lead out of it are refused."""
    folder = folder.resolve()
    if folder.name in ROOTS and not any((folder / root).is_dir() for root in ROOTS):
        root, base = folder, folder.parent
    else:
        found = [folder / name for name in ROOTS if (folder / name).is_dir()]
        if not found:
            raise BundleError.at(
                str(folder), 0, "there is no apiproxy/ or sharedflowbundle/ folder in it"
            )
        root, base = found[0], folder
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(root.rglob("*")):
        name = path.relative_to(base).as_posix()
        if not is_bundle_file(name) or path.is_dir():
            continue
        if not path.resolve().is_relative_to(root):
            raise BundleError.at(name, 0, "a link that leads out of the bundle")
        if not path.is_file():
            raise BundleError.at(name, 0, "not a regular file")
        total += path.stat().st_size
        _check_totals(name, len(files) + 1, total)
        files[name] = path.read_bytes()
    return files


def read_zip(content: bytes, name: str = "bundle.zip") -> dict[str, bytes]:
    """The files of a bundle ZIP. Raises `BundleError` naming the entry that is damaged,
    too large, doubled, a link, encrypted, or leads out of the bundle."""
    if len(content) > MAX_BYTES:
        raise BundleError.at(name, 0, f"the ZIP is larger than {MAX_BYTES:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read_entries(archive, archive.infolist(), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise BundleError.at(name, 0, f"not a readable ZIP archive: {error}") from error
    except (RuntimeError, ValueError, UnicodeError) as error:
        raise BundleError.at(name, 0, f"not a readable ZIP archive: {error}") from error


def _read_entries(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], name: str
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    seen: dict[str, str] = {}
    total = 0
    for number, entry in enumerate(entries, 1):
        _check_entry(entry)
        total += entry.file_size
        _check_totals(entry.filename, number, total)
        if entry.is_dir():
            continue
        other = seen.setdefault(entry.filename.casefold(), entry.filename)
        if other is not entry.filename:
            raise BundleError.at(
                entry.filename, 0, f"the entry is there twice (the other is {other})"
            )
        if not is_bundle_file(entry.filename):
            continue
        with archive.open(entry) as stream:
            body = stream.read(entry.file_size + 1)
        if len(body) != entry.file_size:
            raise BundleError.at(entry.filename, 0, "the entry's size is not what the ZIP says")
        files[entry.filename] = body
    if not files:
        raise BundleError.at(name, 0, "the ZIP holds no apiproxy/ or sharedflowbundle/ folder")
    return files


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.split("/")
    if (
        name.startswith("/")
        or "\\" in name
        or ".." in parts
        or ":" in parts[0]
        or any(ord(letter) < 32 for letter in name)
    ):
        raise BundleError.at(repr(name), 0, "the entry's path leads out of the bundle")
    if entry.flag_bits & 0x1:
        raise BundleError.at(name, 0, "the entry is encrypted")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BundleError.at(name, 0, "the entry is a link or a device, not a file")
    if entry.file_size > _RATIO_FREE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise BundleError.at(name, 0, f"the entry unpacks to more than {MAX_RATIO} times its size")


def _check_totals(name: str, count: int, total: int) -> None:
    if count > MAX_ENTRIES:
        raise BundleError.at(name, 0, f"the bundle has more than {MAX_ENTRIES:,} entries")
    if total > MAX_UNPACKED:
        raise BundleError.at(name, 0, f"the bundle unpacks to more than {MAX_UNPACKED:,} bytes")


def is_bundle_file(name: str) -> bool:
    """Whether a path belongs to the bundle: below its root, and no litter of an editor,
    an operating system or a management server."""
    parts = name.split("/")
    return (
        parts[0] in ROOTS
        and len(parts) > 1
        and parts[1] != "manifests"
        and not any(part.startswith("._") or part in ("__MACOSX", ".DS_Store") for part in parts)
        and not name.endswith((".bak", "~", "/"))
    )


def write_zip(files: Files) -> bytes:
    """A ZIP of `files`: the same bytes for the same files."""
    return _written(sorted(files.items()))


def _written(items: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in items:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
