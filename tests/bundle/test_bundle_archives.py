"""ZIPs: what is read, what is ignored, and what a hostile one is refused for."""

import io
import stat
import struct
import time
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bundle import archive, layout
from gateway.bundle.diagnostics import BundleError
from gateway.bundle.files import read_zip, write_zip

ROOT = "apiproxy/weather.xml"


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    """A ZIP of (name or ZipInfo, content)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, content in entries:
            made.writestr(name, content)
    return buffer.getvalue()


def refusal(content):
    with pytest.raises(BundleError) as refused:
        read_zip(content, "weather.zip")
    return str(refused.value)


def renamed(content, old, new):
    """The ZIP with a name of the same length in place of another."""
    assert len(old) == len(new)
    return content.replace(old, new)


# -- what is read


def test_files_are_read_in_the_order_of_the_zip():
    content = zipped((ROOT, "<b/>"), ("apiproxy/policies/A.xml", "<a/>"))
    assert list(read_zip(content).items()) == [
        ("apiproxy/weather.xml", b"<b/>"),
        ("apiproxy/policies/A.xml", b"<a/>"),
    ]


def test_stored_entries_are_read():
    assert read_zip(zipped((ROOT, "<b/>"), method=zipfile.ZIP_STORED)) == {ROOT: b"<b/>"}


@pytest.mark.parametrize(
    "litter",
    [
        "__MACOSX/apiproxy/policies/._A.xml",
        "apiproxy/.DS_Store",
        "apiproxy/policies/._A.xml",
        "apiproxy/policies/A.xml.bak",
        "apiproxy/policies/A.xml~",
        "apiproxy/manifests/manifest.xml",
        "README.md",
        "tests/a.js",
        "apiproxy/",
    ],
)
def test_litter_is_ignored(litter):
    assert list(read_zip(zipped((ROOT, "<b/>"), (litter, b"\0\5\x16\7")))) == [ROOT]


def test_leading_dots_of_a_path_are_dropped():
    assert list(read_zip(zipped(("./apiproxy//weather.xml", "<b/>")))) == [ROOT]


def test_names_beyond_ascii_are_read():
    assert list(read_zip(zipped(("apiproxy/policies/Prüfung.xml", "<b/>")))) == [
        "apiproxy/policies/Prüfung.xml"
    ]


def test_a_comment_after_the_zip_is_read():
    content = zipped((ROOT, "<b/>"))
    assert read_zip(content[:-2] + struct.pack("<H", 5) + b"hello") == {ROOT: b"<b/>"}


# -- what is written


def test_a_written_zip_reads_back():
    files = {"apiproxy/b.xml": b"<b/>", "apiproxy/a.xml": b"", "apiproxy/resources/jsc/é.js": b"1"}
    assert read_zip(write_zip(files)) == files


def test_the_same_files_make_the_same_zip():
    one = {"apiproxy/a.xml": b"1", "apiproxy/b.xml": b"2"}
    assert write_zip(one) == write_zip(dict(reversed(one.items())))


# -- what is not there


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("readme.txt", "there is no apiproxy/ or sharedflowbundle/ folder in it"),
        ("weather/apiproxy/a.xml", "apiproxy/ must be at the top, here it is in weather/"),
        ("policies/A.xml", "pack the folder itself, not what is in it"),
    ],
)
def test_a_zip_without_bundle_says_what_to_do(entry, said):
    assert said in refusal(zipped((entry, "x")))


@pytest.mark.parametrize("content", [b"", b"PK", b"<html/>", b"PK\5\6", b"\0" * 999])
def test_what_is_no_zip_is_refused(content):
    assert refusal(content).startswith("weather.zip: not a readable ZIP archive")


# -- paths


@pytest.mark.parametrize(
    "path",
    [
        "../apiproxy/a.xml",
        "apiproxy/../../etc/passwd",
        "apiproxy/policies/..",
        "/apiproxy/a.xml",
        "apiproxy\\policies\\a.xml",
        "..\\a.xml",
        "C:/apiproxy/a.xml",
        "c:a.xml",
        "apiproxy/a\nb.xml",
    ],
)
def test_a_path_that_leads_out_is_refused(path):
    said = refusal(zipped((ROOT, "<b/>"), (path, "x")))
    assert said == f"{path!r}: the entry's path leads out of the bundle"


def test_a_nul_in_a_name_is_refused():
    content = renamed(zipped(("apiproxy/a.xml+.txt", "x")), b"a.xml+.txt", b"a.xml\0.txt")
    assert "leads out of the bundle" in refusal(content)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind):
    entry = zipfile.ZipInfo("apiproxy/policies/A.xml")
    entry.external_attr = (kind | 0o777) << 16
    assert refusal(zipped((entry, "/etc/passwd"))) == (
        "apiproxy/policies/A.xml: the entry is a link or a device, not a file"
    )


# -- names


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apiproxy/policies/A.xml", "apiproxy/policies/A.xml"),
        ("apiproxy/policies/A.xml", "apiproxy/policies/a.xml"),
        ("apiproxy/policies/A.xml", "apiproxy//policies/./A.xml"),
        ("apiproxy/policies/\u00e9.xml", "apiproxy/policies/e\u0301.xml"),
    ],
)
def test_doubled_and_clashing_names_are_refused(one, other):
    assert "it is there twice (the other is" in refusal(zipped((one, "1"), (other, "2")))


# -- damage and encryption


def test_an_encrypted_entry_is_refused():
    content = bytearray(zipped((ROOT, "<b/>")))
    content[content.index(b"PK\1\2") + 8] |= 1
    assert refusal(bytes(content)) == f"{ROOT}: the entry is encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packing_methods_are_refused(method):
    assert "packed by another method than deflate" in refusal(zipped((ROOT, "<b/>"), method=method))


def test_a_damaged_entry_is_named():
    content = bytearray(zipped((ROOT, "<b/>" * 100)))
    content[content.index(ROOT.encode()) + len(ROOT) + 3] ^= 0xFF
    assert refusal(bytes(content)).startswith(f"{ROOT}: the entry is damaged")


def test_an_entry_that_lies_about_its_checksum_is_named():
    content = bytearray(zipped((ROOT, "<b/>"), method=zipfile.ZIP_STORED))
    content[content.index(b"<b/>") + 1] = ord("c")
    assert "Bad CRC-32" in refusal(bytes(content))


def test_an_entry_that_lies_about_its_size_is_named():
    content = bytearray(zipped((ROOT, "x" * 1_000)))
    at = content.index(b"PK\1\2") + 24
    content[at : at + 4] = struct.pack("<L", 10)
    assert refusal(bytes(content)).startswith(f"{ROOT}: ")


# -- sizes


def test_a_bomb_is_refused_by_its_ratio():
    assert refusal(zipped((ROOT, b"\0" * 1_000_000))) == (
        f"{ROOT}: the entry unpacks to more than 200 times its size"
    )


def test_a_small_file_may_compress_well():
    assert len(read_zip(zipped((ROOT, b" " * 99_000)))[ROOT]) == 99_000


def test_a_zip_that_is_too_large_is_refused():
    assert "larger than 15,728,640 bytes" in refusal(b"\0" * (layout.MAX_BYTES + 1))


def test_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(layout, "MAX_ENTRIES", 3)
    entries = [(f"apiproxy/policies/{n}.xml", "x") for n in range(4)]
    assert "more than 3 files" in refusal(zipped(*entries))


def test_a_bundle_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(layout, "MAX_UNPACKED", 1_500)
    said = refusal(zipped((ROOT, "x" * 1_000), ("apiproxy/policies/A.xml", "y" * 1_000)))
    assert said == "apiproxy/policies/A.xml: the bundle has more than 1,500 bytes"


def test_an_ignored_entry_counts_too(monkeypatch):
    monkeypatch.setattr(layout, "MAX_UNPACKED", 1_500)
    assert "more than 1,500 bytes" in refusal(zipped((ROOT, "x"), ("tests/a", "y" * 2_000)))


def test_a_directory_of_many_entries_is_refused_unread():
    entry = struct.pack("<4s4B4H3L5H2L", b"PK\1\2", 20, 0, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    directory = entry * 300_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 37_856, 37_856, len(directory), 0, 0)
    started = time.process_time()
    assert refusal(directory + end) == "weather.zip: the ZIP has more than 5,000 entries"
    assert time.process_time() - started < 0.2


def test_zip64_is_refused():
    content = zipped((ROOT, "<b/>"))
    end = content.index(b"PK\5\6")
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    assert "ZIP64" in refusal(content[:end] + locator + content[end:])


def test_limits_are_finite():
    assert layout.MAX_BYTES == 15 * 1024 * 1024
    assert layout.MAX_UNPACKED <= 10 * layout.MAX_BYTES
    assert archive.MAX_RATIO <= 1_000


# -- anything at all

SOUND = zipped((ROOT, "<b/>" * 50), ("apiproxy/policies/A.xml", "<a/>"), ("tests/", ""))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=4
    ),
    st.integers(0, 40),
)
def test_a_damaged_zip_is_read_or_refused(changes, missing):
    content = bytearray(SOUND)
    for place, value in changes:
        content[place] = value
    try:
        read_zip(bytes(content[: len(content) - missing]))
    except BundleError as error:
        assert error.diagnostics
