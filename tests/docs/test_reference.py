"""The tables of docs/reference are those of the code."""

from __future__ import annotations

import pytest

from tools.reference import DOCS, PAGES, ROOT, renewed


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    if name == "cli.md" and not (ROOT / "gateway/cli/quickstart.py").exists():
        pytest.skip("gateway quickstart is not there yet")
    page = (DOCS / name).read_text(encoding="utf-8")
    assert renewed(page, PAGES[name]()) == page, "renew it: .venv/bin/python -m tools.reference"
