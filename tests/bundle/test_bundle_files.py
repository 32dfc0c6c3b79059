"""Folders of bundles."""

import os

import pytest

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.files import read_folder, read_path, write_zip

FILES = {
    "apiproxy/policies/A.xml": b"<a/>",
    "apiproxy/resources/jsc/lib/x.js": b"1",
    "apiproxy/weather.xml": b"<b/>",
}


@pytest.fixture
def folder(tmp_path):
    """A folder with a bundle in it."""
    place = tmp_path / "bundle"
    for name, content in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def refusal(path):
    with pytest.raises(BundleError) as refused:
        read_path(path)
    return str(refused.value)


def test_a_folder_is_read(folder):
    assert read_path(folder) == FILES


def test_the_apiproxy_folder_itself_is_read(folder):
    assert read_path(folder / "apiproxy") == FILES


def test_a_relative_path_is_read(folder, monkeypatch):
    monkeypatch.chdir(folder / "apiproxy")
    assert read_path(type(folder)()) == FILES


def test_a_zip_is_read(folder, tmp_path):
    (tmp_path / "weather.zip").write_bytes(write_zip(FILES))
    assert read_path(tmp_path / "weather.zip") == FILES


def test_files_come_in_the_order_of_their_names(folder):
    assert list(read_folder(folder)) == sorted(FILES)


def test_a_folder_in_a_folder_named_apiproxy_is_found(folder):
    outer = folder.rename(folder.parent / "apiproxy")
    assert read_path(outer) == FILES


@pytest.mark.parametrize(
    "litter", [".DS_Store", "policies/A.xml.bak", "manifests/manifest.xml", "policies/._A.xml"]
)
def test_litter_is_ignored(folder, litter):
    (folder / "apiproxy" / litter).parent.mkdir(exist_ok=True)
    (folder / "apiproxy" / litter).write_bytes(b"\0")
    assert read_path(folder) == FILES


def test_stray_folders_beside_the_bundle_are_ignored(folder):
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "x.js").write_bytes(b"1")
    assert read_path(folder) == FILES


def test_a_link_out_of_the_bundle_is_refused(folder, tmp_path):
    (tmp_path / "secret").write_text("s")
    (folder / "apiproxy/policies/S.xml").symlink_to(tmp_path / "secret")
    said = refusal(folder)
    assert said == "apiproxy/policies/S.xml: a link that leads out of the bundle"


def test_a_link_to_a_folder_elsewhere_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / "apiproxy/targets").symlink_to(tmp_path / "elsewhere")
    assert refusal(folder) == "apiproxy/targets: a link that leads out of the bundle"


def test_a_bundle_that_is_itself_a_link_is_refused(folder, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "apiproxy").symlink_to(folder / "apiproxy")
    assert refusal(tmp_path / "other") == "apiproxy: a link that leads out of the bundle"


def test_a_link_within_the_bundle_is_read(folder):
    (folder / "apiproxy/policies/L.xml").symlink_to(folder / "apiproxy/policies/A.xml")
    assert read_path(folder)["apiproxy/policies/L.xml"] == b"<a/>"


def test_a_link_that_turns_in_a_circle_is_refused(folder):
    (folder / "apiproxy/policies/loop").symlink_to(folder / "apiproxy")
    assert refusal(folder) == "apiproxy/policies/loop: a link to a folder"


def test_a_link_to_nothing_is_refused(folder):
    (folder / "apiproxy/policies/N.xml").symlink_to(folder / "apiproxy/policies/none")
    assert refusal(folder).startswith("apiproxy/policies/N.xml: ")


def test_a_pipe_is_refused(folder):
    os.mkfifo(folder / "apiproxy/policies/P.xml")
    assert refusal(folder) == "apiproxy/policies/P.xml: not a regular file"


def test_a_pipe_in_place_of_a_zip_is_refused(tmp_path):
    os.mkfifo(tmp_path / "weather.zip")
    assert "neither a folder nor a ZIP file" in refusal(tmp_path / "weather.zip")


def test_names_that_differ_in_case_only_are_refused(folder):
    (folder / "apiproxy/policies/a.xml").write_bytes(b"<a/>")
    if len(list((folder / "apiproxy/policies").iterdir())) == 1:
        pytest.skip("this file system ignores case")
    assert "it is there twice" in refusal(folder)


def test_a_name_that_is_not_utf_8_is_refused(folder):
    try:
        with open(os.fsencode(folder / "apiproxy/policies") + b"/\xff.xml", "wb"):
            pass
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert "the file's name is not UTF-8" in refusal(folder)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("src", "there is no apiproxy/ or sharedflowbundle/ folder in it"),
        ("proxies", "there is no apiproxy/ folder: pack the folder itself"),
    ],
)
def test_a_folder_without_bundle_says_what_to_do(tmp_path, inside, said):
    (tmp_path / inside).mkdir()
    assert said in refusal(tmp_path)


def test_a_path_that_does_not_exist_is_named(tmp_path):
    assert refusal(tmp_path / "nope") == f"{tmp_path / 'nope'}: No such file or directory"
