"""Bundle ZIPs: read within limits and never from elsewhere, written deterministically.

Nothing is unpacked to disk. Source: reference/runtime/endpoint-properties.md section 10.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.layout import (
    MAX_BYTES,
    MAX_ENTRIES,
    Contents,
    Files,
    is_bundle_file,
    missing_root,
)

MAX_RATIO = 200
_RATIO_FREE = 100_000
"""Files below this size may compress as well as they like."""
_MAX_DIRECTORY = MAX_ENTRIES * 400
"""Bytes of the central directory: zipfile reads all of it before it tells the count."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip


def read_zip(content: bytes, name: str = "bundle.zip") -> dict[str, bytes]:
    """The files of a bundle ZIP. Raises `BundleError` naming the entry that is damaged,
    too large, doubled, a link, encrypted, or leads out of the bundle."""
    if len(content) > MAX_BYTES:
        raise BundleError.at(name, 0, f"the ZIP is larger than {MAX_BYTES:,} bytes")
    _check_directory(content, name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGED as error:
        raise BundleError.at(name, 0, f"not a readable ZIP archive: {error}") from error
    with archive:
        files = _read_entries(archive)
        if not files:
            raise BundleError.at(name, 0, missing_root(archive.namelist()))
        return files


def _check_directory(content: bytes, name: str) -> None:
    end = content.rfind(b"PK\5\6", max(0, len(content) - 65_557))
    if end < 0 or len(content) < end + 22:
        raise BundleError.at(name, 0, "not a readable ZIP archive: it has no end record")
    if content[max(0, end - 20) : end].startswith(b"PK\6\7"):
        raise BundleError.at(name, 0, "ZIP64 is not read: a bundle needs no such size")
    if int.from_bytes(content[end + 12 : end + 16], "little") > _MAX_DIRECTORY:
        raise BundleError.at(name, 0, f"the ZIP has more than {MAX_ENTRIES:,} entries")


def _read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    contents = Contents()
    for entry in archive.infolist():
        _check_entry(entry)
        if entry.is_dir():
            continue
        name = "/".join(part for part in entry.filename.split("/") if part not in ("", "."))
        contents.expect(name, entry.file_size)
        if is_bundle_file(name):
            contents.files[name] = _read_entry(archive, entry)
    return contents.files


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as stream:
            content = stream.read(entry.file_size + 1)
    except _DAMAGED as error:
        raise BundleError.at(entry.filename, 0, f"the entry is damaged: {error}") from error
    if len(content) != entry.file_size:
        raise BundleError.at(entry.filename, 0, "the entry's size is not what the ZIP says")
    return content


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    first, *rest = name.split("/")
    if (
        name.startswith("/")
        or "\\" in name
        or ".." in (first, *rest)
        or ":" in first
        or any(ord(letter) < 32 for letter in name)
    ):
        raise BundleError.at(repr(name), 0, "the entry's path leads out of the bundle")
    if entry.flag_bits & _ENCRYPTED:
        raise BundleError.at(name, 0, "the entry is encrypted")
    if entry.compress_type not in _METHODS:
        raise BundleError.at(name, 0, "the entry is packed by another method than deflate")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BundleError.at(name, 0, "the entry is a link or a device, not a file")
    if entry.file_size > _RATIO_FREE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise BundleError.at(name, 0, f"the entry unpacks to more than {MAX_RATIO} times its size")


def write_zip(files: Files) -> bytes:
    """A ZIP of `files`: the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
