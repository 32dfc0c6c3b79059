"""`gateway quickstart`: what it shows, what it calls wrong, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import chapters
from gateway.cli.exchange import Call, Reply, folded
from gateway.cli.expectations import TOKEN_FIELDS, answers, fault, is_token, refused
from gateway.cli.quickstart import quickstart
from gateway.cli.story import Story, prepare

ANY_PORTS = {
    "GATEWAY_ENV": "test=127.0.0.1:0 prod=127.0.0.1:0",
    "GATEWAY_MANAGEMENT": "127.0.0.1:0",
    "GATEWAY_QUICKSTART_BACKEND": "127.0.0.1:0",
}


@pytest.fixture
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in ANY_PORTS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A quickstart whose story is over and which goes on serving."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "quickstart"],
        cwd=tmp_path,
        env=os.environ | ANY_PORTS | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Serving until Ctrl-C" in line:
            break
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    process.stdout.close()


@pytest.mark.usefixtures("_in_a_folder")
def test_the_story_ends_well() -> None:
    result = CliRunner().invoke(quickstart, ["--exit"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "Traceback" not in result.output
    assert "\x1b[" not in result.output, "colours are for terminals"
    titles = [title for title, _ in chapters.CHAPTERS]
    assert [line for line in result.output.splitlines() if line in titles] == titles


@pytest.mark.usefixtures("_in_a_folder")
def test_what_differs_is_named_and_makes_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(story: Story) -> None:
        story.call(Call("GET", story.places["test"] + "/nowhere"), answers(200))

    monkeypatch.setattr(chapters, "CHAPTERS", (("Set up", prepare), ("A wrong one", wrong)))
    result = CliRunner().invoke(quickstart, ["--exit"], catch_exceptions=False)
    assert result.exit_code == 1
    assert "/nowhere: expected status 200, got 404" in result.output


def test_ctrl_c_stops_everything(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    listeners = _children_of(serving.pid)
    assert len(listeners) == 2
    serving.send_signal(signal.SIGINT)
    assert serving.wait(15) == 0
    deadline = time.monotonic() + 5
    while any(map(_runs, listeners)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_runs, listeners))


@pytest.mark.usefixtures("_in_a_folder")
def test_a_second_one_leaves_the_first_ones_files_alone(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    folder = tmp_path / ".quickstart"
    folder.mkdir()
    (folder / "env").touch()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = CliRunner().invoke(quickstart, ["--exit"])
    assert result.exit_code == 1
    assert "another quickstart runs in" in result.output
    assert (folder / "env").exists()


def _children_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("this system does not list the children of a process")
    return [int(child) for child in children.read_text().split()]


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


# -- how it is shown


def test_a_call_is_shown_as_curl() -> None:
    call = Call("POST", "http://a/b?c=d", {"X": "y"}, form="", user="me:it's")
    assert call.curl() == "curl -i 'http://a/b?c=d' -u 'me:it'\\''s' -H 'X: y' -d ''"


def test_a_long_call_takes_several_lines_that_can_be_pasted() -> None:
    lines = Call("GET", "http://a/" + "b" * 80, {"X": "y" * 30}).curl().split("\n")
    assert lines == ["curl -i \\", f"'http://a/{'b' * 80}' \\", f"-H 'X: {'y' * 30}'"]


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("short, line", ["short, line"]),
        ("one,two three,four", ["one,two three,", "    four"]),
        ("one two three four", ["one two three", "    four"]),
        ("x" * 30, ["x" * 30]),
    ],
)
def test_long_lines_are_folded_after_commas_and_blanks(line: str, pieces: list[str]) -> None:
    assert list(folded(line, 16)) == pieces


# -- what is expected


def reply(status: int, body: str, **headers: str) -> Reply:
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]
    return Reply(status, "", named, body)


def test_a_fault_is_compared_to_the_letter() -> None:
    check = fault(401, "a.b", "C")
    body = '{"fault":{"faultstring":"C","detail":{"errorcode":"a.b"}}}'
    assert check(reply(401, body)) is None
    assert check(reply(401, body.replace(":", ": "))) is not None
    assert check(reply(403, body)) == "status 401"


def test_a_refused_token_comes_with_its_challenge() -> None:
    body = '{"fault":{"faultstring":"C","detail":{"errorcode":"a.b"}}}'
    challenge = 'Bearer realm="null",error="invalid_token",error_description="a.b: C"'
    assert refused("a.b", "C")(reply(401, body, WWW_Authenticate=challenge)) is None
    assert refused("a.b", "C")(reply(401, body)) == f"WWW-Authenticate: {challenge}"


def test_a_token_has_all_fields_in_their_order() -> None:
    token = dict.fromkeys(TOKEN_FIELDS, "x")
    assert is_token(developer_email="x")(reply(200, json.dumps(token))) is None
    assert is_token(developer_email="y")(reply(200, json.dumps(token))) == "developer.email 'y'"
    backwards = dict(reversed(token.items()))
    assert "the fields" in str(is_token()(reply(200, json.dumps(backwards))))
