"""How the test of the documentation reads a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import BadMarker, blocks_of, missing_line
from tests.docs.shell import CommandFailed, Shell


def page(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text)
    return path


def test_a_marker_belongs_to_the_next_block_only(tmp_path: Path) -> None:
    text = "<!-- run -->\n```bash\na\n```\n\n```bash\nb\n```\n"
    found = [(block.kind, block.text) for block in blocks_of(page(tmp_path, text), "p")]
    assert found == [("run", "a"), ("unmarked", "b")]


def test_text_between_marker_and_block_parts_them(tmp_path: Path) -> None:
    blocks = blocks_of(page(tmp_path, "<!-- run -->\nSo:\n```bash\na\n```\n"), "p")
    assert blocks[0].kind == "unmarked"


def test_a_background_block_names_what_it_prints(tmp_path: Path) -> None:
    text = '<!-- run in background until "ready" -->\n```bash\na\n```\n'
    assert blocks_of(page(tmp_path, text), "p")[0].until == "ready"


@pytest.mark.parametrize("marker", ["skip", "skip:", "run now", "run in background until x"])
def test_a_marker_that_says_nothing_is_an_error(tmp_path: Path, marker: str) -> None:
    with pytest.raises(BadMarker, match="p:1"):
        blocks_of(page(tmp_path, f"<!-- {marker} -->\n```bash\na\n```\n"), "p")


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("a\nb", "a\nx\nb\n"),
        ('"expires_in" : "..."', '  "expires_in" : "3599",\n'),
        ("WWW-Authenticate: Bearer x", "www-authenticate: Bearer x\r\n"),
    ],
)
def test_expected_lines_appear_in_their_order(expected: str, output: str) -> None:
    assert missing_line(expected, output) is None


def test_a_number_does_not_match_inside_of_another() -> None:
    assert missing_line("200", "1200 2000") == "200"


def test_the_line_that_is_missing_is_named() -> None:
    assert missing_line("b\na", "a\nb\n") == "a"


def test_variables_stay_set_from_block_to_block(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.run("TOKEN=$(echo secret)\nexport PASSWORD='a b'")
    assert shell.run('echo "$TOKEN"; printenv PASSWORD') == "secret\na b\n"


def test_a_command_that_fails_fails_its_block(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit code 1"):
        Shell(tmp_path).run("false\necho not reached")


def test_a_page_has_ports_of_its_own_and_does_not_notice(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell.run("echo http://127.0.0.1:9001/a; echo $GATEWAY_SERVER") == (
        "http://127.0.0.1:9001/a\nhttp://127.0.0.1:8080\n"
    )


def test_what_was_started_is_stopped(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.start("echo up; exec sleep 60", "up")
    shell.close()
    assert shell.background[0].returncode is not None
