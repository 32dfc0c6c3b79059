"""Every AssignMessage and RaiseFault of the public bundles reads and compiles."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.bundle.diagnostics import BundleError, Diagnostics
from gateway.bundle.model import PolicyDefinition
from gateway.bundle.xml import Element, parse_xml
from gateway.flow.policy import read_policy
from gateway.policies import find_policy_type
from tests.policies.assign_harness import deployment

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
TYPES = ("AssignMessage", "RaiseFault")


def exceptions() -> dict[str, str]:
    """Policy files that are refused, with a part of the reason."""
    path = Path(__file__).with_name("assign_message_corpus.tsv")
    rows = csv.reader(path.read_text("utf-8").splitlines(), delimiter="\t")
    return {file: message for file, message, _why in list(rows)[1:]}


def policy_files() -> Iterator[tuple[str, Element]]:
    for path in sorted(CORPUS.glob("*/**/policies/*.xml")):
        content = path.read_bytes()
        if not any(name.encode() in content for name in TYPES):
            continue
        file = str(path.relative_to(CORPUS))
        try:
            root = parse_xml(content, file)
        except BundleError:
            continue  # the reader's affair
        if root.name in TYPES:
            yield file, root


def errors(root: Element) -> list[str]:
    diagnostics = Diagnostics()
    cls = find_policy_type(root.name)
    assert cls is not None
    definition = PolicyDefinition(
        root.name, root.attributes["name"], True, False, False, root, root.file, root.line
    )
    read_policy(cls, definition, diagnostics).compile(deployment(diagnostics))
    return [error.message for error in diagnostics.errors]


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no public bundles in {CORPUS}")
def test_every_policy_of_the_public_bundles_compiles_or_is_listed() -> None:
    found, count = {}, 0
    for file, root in policy_files():
        count += 1
        if messages := errors(root):
            found[file] = messages
    expected = exceptions()
    assert found.keys() == expected.keys()
    for file, messages in found.items():
        assert any(expected[file] in message for message in messages)
    assert count > 800
