"""The tables of docs/reference are those of the code."""

from __future__ import annotations

import re

import pytest

from tools.reference import DOCS, PAGES, renewed


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert renewed(page, PAGES[name]()) == page, "renew it: .venv/bin/python -m tools.reference"


def test_calls_are_named_without_regular_expressions() -> None:
    paths = re.findall(r"^\| [A-Z]+ \| `([^`]*)` \|", PAGES["management-api.md"](), re.MULTILINE)
    assert "/environments/{env}/deployments" in paths
    assert not [path for path in paths if set(path) & set("|:()")]
