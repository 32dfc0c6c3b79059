"""The files of a bundle: from a folder or a ZIP, within limits, never from elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.bundle.archive import read_zip as read_zip
from gateway.bundle.archive import write_zip as write_zip
from gateway.bundle.diagnostics import BundleError
from gateway.bundle.layout import MAX_BYTES as MAX_BYTES
from gateway.bundle.layout import ROOTS, Contents, is_bundle_file, missing_root
from gateway.bundle.layout import Files as Files

_UNWRITABLE = re.compile(r"[\x00-\x1f\ud800-\udfff]")


def read_path(path: Path) -> dict[str, bytes]:
    """The files of a bundle's folder, of its apiproxy/ folder itself, or of a ZIP.
    Raises `BundleError`."""
    if path.is_dir():
        return read_folder(path)
    if path.exists() and not path.is_file():
        raise BundleError.at(str(path), 0, "neither a folder nor a ZIP file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BundleError.at(str(path), 0, error.strerror or str(error)) from error
    return read_zip(content, str(path))


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files below a bundle's folder. Links that lead out of it are refused."""
    try:
        root = _root(folder.resolve())
        contents = Contents()
        for name, path in _walk(root, root.name, root):
            contents.expect(name, path.stat().st_size)
            contents.files[name] = path.read_bytes()
    except OSError as error:
        where = error.filename or folder
        raise BundleError.at(str(where), 0, error.strerror or str(error)) from error
    return contents.files


def _root(folder: Path) -> Path:
    """The apiproxy/ or sharedflowbundle/ folder that is `folder`, or lies in it."""
    found = [folder / name for name in ROOTS if (folder / name).is_dir()]
    if found:
        if found[0].is_symlink():
            raise BundleError.at(found[0].name, 0, "a link that leads out of the bundle")
        return found[0]
    if folder.name in ROOTS:
        return folder
    inside = [entry.name + "/" for entry in folder.iterdir()]
    raise BundleError.at(str(folder), 0, missing_root(inside))


def _walk(folder: Path, prefix: str, root: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of every file of the bundle, in the order of their names."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name, path = f"{prefix}/{entry.name}", Path(entry.path)
        if not is_bundle_file(name):
            continue
        if _UNWRITABLE.search(name):
            raise BundleError.at(repr(name), 0, "the file's name is not UTF-8")
        if entry.is_symlink():
            if not path.resolve().is_relative_to(root):
                raise BundleError.at(name, 0, "a link that leads out of the bundle")
            if path.is_dir():
                raise BundleError.at(name, 0, "a link to a folder")
        if entry.is_dir():
            yield from _walk(path, name, root)
        elif entry.is_file():
            yield name, path
        else:
            raise BundleError.at(name, 0, "not a regular file")
