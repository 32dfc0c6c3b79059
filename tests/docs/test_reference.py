"""The tables of docs/reference are those of the code."""

from __future__ import annotations

import pytest

from tools.reference import DOCS, PAGES, renewed


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert renewed(page, PAGES[name]()) == page, "renew it: .venv/bin/python -m tools.reference"
