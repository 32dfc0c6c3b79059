"""Real bundles: all are read but the broken ones, and those for their known reason.

refused_bundles.tsv has a row for every error: bundle, the message or a part of it.
"""

import csv
from pathlib import Path, PurePosixPath

import pytest

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.files import read_path
from gateway.bundle.reader import read_bundle

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
MANIFEST = CORPUS / "MANIFEST.tsv"

pytestmark = pytest.mark.skipif(not MANIFEST.is_file(), reason="the corpus of bundles is absent")


def rows(path):
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def left_out(row):
    """Files of the bundle that the corpus does not have, such as program code."""
    return {item.split(" (")[0].strip() for item in (row["files_left_out"] or "").split(";")}


def read(row):
    files = read_path(CORPUS / row["bundle"])
    absent = left_out(row)
    for path in absent:
        if path.startswith("policies/"):
            name = PurePosixPath(path).stem
            files[f"{row['root']}/{path}"] = f'<Javascript name="{name}"/>'.encode()
    resources = {path.removeprefix("resources/").replace("/", "://", 1) for path in absent}
    return read_bundle(files, known_resources=resources.__contains__)


def refusals():
    """Bundle and message of every error in the corpus."""
    for row in rows(MANIFEST):
        try:
            read(row)
        except BundleError as error:
            yield from ((row["bundle"], str(item)) for item in error.diagnostics)


def test_only_the_known_broken_bundles_are_refused_and_for_the_known_reason():
    known = [
        (row["bundle"], row["error"])
        for row in rows(Path(__file__).with_name("refused_bundles.tsv"))
    ]
    assert [f"{bundle}\t{error}" for bundle, error in refusals()] == [
        f"{bundle}\t{error}" for bundle, error in known
    ]


def test_the_only_warnings_of_real_bundles_are_of_elements_without_effect():
    found = set()
    for row in rows(MANIFEST):
        try:
            _, warnings = read(row)
        except BundleError:
            continue
        found |= {warning.message for warning in warnings}
    assert found == {"<Statistics> in a <ProxyEndpoint> has no effect"}


def test_every_payload_with_markup_is_kept_verbatim():
    checked = 0
    for row in rows(MANIFEST):
        try:
            bundle, _ = read(row)
        except BundleError:
            continue
        for policy in bundle.policies.values():
            payload = policy.element.find("Set/Payload")
            if payload is None or not payload.children:
                continue
            source = (CORPUS / row["bundle"] / policy.file).read_text("utf-8-sig")
            source = source.replace("<![CDATA[", "").replace("]]>", "")
            assert payload.markup in source
            checked += 1
    assert checked >= 7
