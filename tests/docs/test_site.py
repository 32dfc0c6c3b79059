"""The pages become a site that asks nobody else for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.shell import ROOT

FROM_ELSEWHERE = re.compile(r"<(?:link|script|img)\b[^>]*\b(?:href|src)=[\"']?(?:https?:)?//[^>]*>")


def test_the_site_builds_without_warnings_and_works_offline(tmp_path: Path) -> None:
    """A new page, such as a decision record, also needs its line in mkdocs.yml."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    pages = list(tmp_path.glob("**/*.html"))
    assert pages
    for page in pages:
        assert not FROM_ELSEWHERE.findall(page.read_text()), page.relative_to(tmp_path)
