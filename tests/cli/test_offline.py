"""Commands that need no server: check, new, help, serve's own refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main

ROOT = Path(__file__).parents[2]


def run(*words: str, code: int = 0, **environment: str) -> Result:
    result = CliRunner().invoke(main, words, env={"GATEWAY_SERVER": "", **environment})
    assert result.exit_code == code, result.output
    return result


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "apiproxy" / name.replace("__", "/")
        path = path.with_name(path.name + ".xml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


PROXY = (
    '<ProxyEndpoint name="default"><PreFlow><Request>\n{steps}</Request></PreFlow>\n'
    "<HTTPProxyConnection><BasePath>/x</BasePath></HTTPProxyConnection>"
    '<RouteRule name="none"/></ProxyEndpoint>'
)
STEP = "<Step><Name>{name}</Name>{more}</Step>\n"
ASSIGN = '<AssignMessage name="{name}">\n{body}</AssignMessage>'


def checked(folder: Path, code: int = 1) -> list[str]:
    return run("check", str(folder), code=code).output.splitlines()


def test_help_lists_the_commands_in_order() -> None:
    output = run("--help").output
    names = ["serve", "quickstart", "check", "new", "deploy", "undeploy", "dev", "proxies",
             "products", "developers", "apps", "tokens"]  # fmt: skip
    places = [output.index(f"\n  {name}") for name in names]
    assert places == sorted(places)


def test_what_we_ship_is_without_a_finding() -> None:
    for path in (*(ROOT / "bundles").iterdir(), *(ROOT / "examples" / "weatherapi").iterdir()):
        if (path / "apiproxy").is_dir():
            assert run("check", str(path)).output == f"{path}: ok\n"


def test_malformed_xml_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write(tmp_path, proxies__default=PROXY.format(steps=""), policies__a="<A>\n<b></A>")
    (line,) = checked(folder)
    assert line.startswith("apiproxy/policies/a.xml:2: not well-formed XML")


def test_an_unknown_policy_type(tmp_path: Path) -> None:
    folder = write(
        tmp_path, proxies__default=PROXY.format(steps=""), policies__a='<AssingMessage name="a"/>'
    )
    (line,) = checked(folder)
    assert line.startswith("apiproxy/policies/a.xml:1: ")
    assert "AssingMessage" in line


def test_a_step_whose_policy_does_not_exist(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        proxies__default=PROXY.format(steps=STEP.format(name="ab", more="")),
        policies__a=ASSIGN.format(name="abc", body=""),
    )
    (line,) = checked(folder)
    assert line.startswith("apiproxy/proxies/default.xml:2: ")
    assert "did you mean 'abc'?" in line


def test_a_bad_condition(tmp_path: Path) -> None:
    more = "<Condition>request.verb SeemsLike &quot;GET&quot;</Condition>"
    folder = write(
        tmp_path,
        proxies__default=PROXY.format(steps=STEP.format(name="a", more=more)),
        policies__a=ASSIGN.format(name="a", body=""),
    )
    (line,) = [line for line in checked(folder) if "warning" not in line]
    assert line.startswith("apiproxy/proxies/default.xml:2: ")
    assert "SeemsLike" in line


def test_a_duplicate_policy_name(tmp_path: Path) -> None:
    twice = ASSIGN.format(name="a", body="")
    folder = write(
        tmp_path, proxies__default=PROXY.format(steps=""), policies__a=twice, policies__b=twice
    )
    (line,) = [line for line in checked(folder) if "warning" not in line]
    assert line.startswith("apiproxy/policies/b.xml:1: ")
    assert "'a'" in line


def test_a_missing_resource(tmp_path: Path) -> None:
    script = '<Javascript name="js">\n<ResourceURL>jsc://no.js</ResourceURL></Javascript>'
    folder = write(tmp_path, proxies__default=PROXY.format(steps=""), policies__js=script)
    assert any(
        line.startswith("apiproxy/policies/js.xml:2: ") and "jsc://no.js" in line
        for line in checked(folder)
    )


def test_an_element_that_the_policy_does_not_know_is_a_warning(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        proxies__default=PROXY.format(steps=STEP.format(name="a", more="")),
        policies__a=ASSIGN.format(name="a", body="<Remvoe/>\n"),
    )
    lines = checked(folder, code=0)
    assert any(
        line.startswith("apiproxy/policies/a.xml:2: warning: ") and "Remvoe" in line
        for line in lines
    )
    assert lines[-1].startswith(f"{folder}: ok, ")


def test_check_speaks_json(tmp_path: Path) -> None:
    folder = write(tmp_path, proxies__default="<ProxyEndpoint>")
    (finding,) = json.loads(run("check", "--json", str(folder), code=1).stdout)
    assert finding["file"] == "apiproxy/proxies/default.xml"
    assert (finding["line"], finding["severity"]) == (1, "error")


@pytest.mark.parametrize("path", ["", "apiproxy"])
def test_check_takes_the_folder_and_apiproxy_itself(tmp_path: Path, path: str) -> None:
    write(tmp_path, proxies__default=PROXY.format(steps=""))
    assert run("check", str(tmp_path / path)).output.endswith(": ok\n")


def test_a_folder_without_a_bundle(tmp_path: Path) -> None:
    assert "apiproxy" in run("check", str(tmp_path), code=1).output


@pytest.mark.parametrize("secure", ["none", "apikey", "oauth"])
def test_new_makes_what_the_wizard_makes(tmp_path: Path, secure: str) -> None:
    run("new", "api", "--target", "https://x.example.com/v1?a=1&b=2", "--secure", secure,
        "--base-path", "/v1/api", "--dir", str(tmp_path))  # fmt: skip
    assert run("check", str(tmp_path / "api")).output.endswith(": ok\n")
    policies = {path.stem for path in (tmp_path / "api").rglob("policies/*.xml")}
    expected = {
        "none": set(),
        "apikey": {"verify-api-key", "remove-query-param-apikey"},
        "oauth": {"verify-oauth-v2-access-token", "remove-header-authorization"},
    }
    assert policies == expected[secure]
    proxy = (tmp_path / "api/apiproxy/proxies/default.xml").read_text()
    if secure == "oauth":
        assert proxy.index("verify-oauth") < proxy.index("remove-header")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("new", "a b", "--target", "http://x.example.com"), "letters, digits"),
        (("new", "a", "--target", "x.example.com"), "not an http or https URL"),
        (("new", "a", "--target", "http://x", "--base-path", "x"), "not a path"),
        (("deploy", "--env", "test"), "either PATH or --proxy"),
        (("serve", "--env", "test"), "NAME=HOST:PORT"),
        (("serve", "--env", "a=1", "--env", "a=2"), "given twice"),
        (("serve", "--management", "host:port"), "HOST:PORT"),
        (("serve", "--connect-to", "x"), "HOST=HOST:PORT"),
        (("serve", "--workers", "2"), "one data-plane process"),
        (("serve", "--redis", "redis://x"), "not supported by this version"),
        (("dev", "."), "not in this version"),
        (("deply",), "No such command"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(words: tuple[str, ...], message: str) -> None:
    result = run(*words, code=2)
    assert message in result.output
    assert "Traceback" not in result.output


def test_new_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    result = run("new", "api", "--target", "http://x.example.com", "--dir", str(tmp_path), code=2)
    assert "exists already" in result.output


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('managment = "127.0.0.1:1"\n')
    result = run("serve", "--config", str(config), code=2)
    assert "'managment' is not a setting; did you mean 'management'?" in result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell: str) -> None:
    assert "_GATEWAY_COMPLETE" in run("completion", shell).output
