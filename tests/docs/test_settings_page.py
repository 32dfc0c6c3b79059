"""docs/reference/settings.md names what `gateway serve` takes, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.cli.serve import serve
from gateway.settings import KEYS, load_config
from tests.docs.blocks import blocks_of
from tests.docs.shell import ROOT

PAGE = ROOT / "docs" / "reference" / "settings.md"


def test_every_option_stands_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    options = {
        name
        for parameter in serve.params
        for name in parameter.opts
        if not getattr(parameter, "hidden", False)
    }
    assert set(re.findall(r"^\| `(--[a-z-]+)", text, re.MULTILINE)) == options


def test_every_key_stands_on_the_page_with_its_variable() -> None:
    rows = re.findall(r"\| `GATEWAY_([A-Z_]+)` \| `([a-z-]+)` \|", PAGE.read_text("utf-8"))
    assert {key for _, key in rows} == set(KEYS)
    assert [name.lower().replace("_", "-") for name, _ in rows] == [key for _, key in rows]


def test_the_example_is_a_settings_file(tmp_path: Path) -> None:
    (example,) = (b for b in blocks_of(PAGE, PAGE.name) if b.language == "toml")
    path = tmp_path / "gateway.toml"
    path.write_text(example.text)
    assert set(load_config(path)) <= set(KEYS)
