"""The policy and the test of docs/writing-a-policy.md run as they stand there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import blocks_of
from tests.docs.shell import ROOT

PAGE = ROOT / "docs" / "writing-a-policy.md"
CONFTEST = """import gateway.policies

gateway.policies.__path__.append({folder!r})
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A folder with the module and the test that a reader would have written."""
    whole = [
        block.text + "\n"
        for block in blocks_of(PAGE, PAGE.name)
        if block.language == "python" and block.text.startswith('"""')
    ]
    module, test = whole
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "requireheader.py").write_text(module)
    (tmp_path / "test_require_header.py").write_text(test)
    (tmp_path / "conftest.py").write_text(CONFTEST.format(folder=str(policies)))
    return tmp_path


def run(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_of_the_page_pass(written: Path) -> None:
    run("pytest", "--rootdir", str(written), "-p", "no:cacheprovider", str(written))


def test_its_code_is_in_the_taste_of_the_house(written: Path) -> None:
    config = str(ROOT / "pyproject.toml")
    files = [str(written / "policies"), str(written / "test_require_header.py")]
    run("ruff", "check", "--no-cache", "--config", config, "--ignore", "S101,INP001", *files)
    run("ruff", "format", "--no-cache", "--check", "--config", config, *files)
