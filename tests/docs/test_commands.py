"""The commands of README, docs and examples work when they are typed in their order.

How a block is marked: CONTRIBUTING.md, "Documentation".
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks_of, missing_line
from tests.docs.shell import ROOT, Shell

PAGES = sorted(
    page
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "examples/**/README.md")
    for page in ROOT.glob(pattern)
)
SHELL_LANGUAGES = ("bash", "console", "sh", "shell")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(page: Path) -> list[Block]:
    return blocks_of(page, name_of(page))


RUNNABLE = [
    page for page in PAGES if any(block.kind in ("run", "background") for block in read(page))
]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_of_commands_is_run_or_says_why_not(page: Path) -> None:
    unmarked = [
        f"{block.page}:{block.line}"
        for block in read(page)
        if block.language in SHELL_LANGUAGES and block.kind == "unmarked"
    ]
    assert not unmarked, "put <!-- run --> or <!-- skip: REASON --> before these blocks"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_post_of_nothing_carries_an_empty_body(page: Path) -> None:
    """Apigee answers 411 to a POST without Content-Length."""
    for block in read(page):
        for command in block.text.replace("\\\n", " ").splitlines():
            if "curl" in command and "-X POST" in command:
                assert " -d " in command or "--data" in command, f"{block.page}:{block.line}"


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_the_commands_of_the_page_work(page: Path, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    output = ""
    try:
        for block in read(page):
            where = f"{block.page}:{block.line}"
            if block.kind == "background":
                shell.start(block.text, block.until)
            elif block.kind == "run":
                try:
                    output = shell.run(block.text)
                except AssertionError as error:
                    raise AssertionError(f"{where}: {error}") from None
            elif block.kind == "output":
                line = missing_line(block.text, output)
                assert line is None, f"{where}: not in the output: {line}\n{output}"
    finally:
        shell.close()
