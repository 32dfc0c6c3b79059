"""interface.md, "Command line": every command against a running gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Commands

EXAMPLES = Path(__file__).parents[2] / "examples" / "weatherapi"
EMAIL = "tesla@weathersample.com"


async def make_app(commands: Commands) -> dict[str, object]:
    await commands("products", "create", "Premium", "--proxy", "weatherapi", "--scope", "READ")
    await commands("developers", "create", EMAIL, "--first-name", "N", "--last-name", "T")
    app = await commands.json("apps", "create", "app", "--developer", EMAIL, "--product", "Premium")
    return dict(app)


async def test_a_bundle_is_deployed_listed_shown_exported_and_deleted(
    commands: Commands, tmp_path: Path
) -> None:
    path = str(EXAMPLES / "weatherapi")
    result = await commands("deploy", path, "--env", "test")
    assert result.output == "weatherapi revision 1 is deployed to test\n"
    assert (await commands("deploy", path, "--env", "test")).output.startswith(
        "weatherapi revision 2"
    )
    assert "test (revision 2)" in (await commands("proxies", "list")).output
    shown = (await commands("proxies", "show", "weatherapi")).output
    assert "base paths" in shown
    assert "/weather" in shown
    target = tmp_path / "out.zip"
    await commands("proxies", "export", "weatherapi", "--revision", "1", "-o", str(target))
    assert (await commands("check", str(target))).output.endswith("ok\n")
    refused = await commands("proxies", "delete", "weatherapi", code=1)
    assert "deployed" in refused.output
    assert (await commands("undeploy", "weatherapi", "--env", "test")).output == (
        "weatherapi is no longer deployed to test\n"
    )
    await commands("proxies", "delete", "weatherapi")
    assert "weatherapi" not in (await commands("proxies", "list")).output


async def test_an_imported_revision_is_deployed_without_importing_again(
    commands: Commands,
) -> None:
    result = await commands("deploy", "--proxy", "oauth", "--env", "prod")
    assert result.output == "oauth revision 1 is deployed to prod\n"


async def test_products_developers_apps_and_keys(commands: Commands) -> None:
    app = await make_app(commands)
    key = app["credentials"][0]["consumerKey"]  # type: ignore[index]
    assert "Premium" in (await commands("products", "list")).output
    assert "READ" in (await commands("products", "show", "Premium")).output
    assert EMAIL in (await commands("developers", "list")).output
    assert "active" in (await commands("developers", "show", EMAIL)).output
    shown = (await commands("apps", "show", "app")).output
    assert key in shown
    assert "consumer secret" in shown
    assert (
        await commands("apps", "keys", "revoke", "app", key)
    ).output == f"key {key} is revoked\n"
    assert (await commands.json("apps", "show", "app"))["credentials"][0]["status"] == "revoked"
    await commands("apps", "keys", "approve", "app", key)
    await commands("apps", "keys", "create", "app", "--key", "k1", "--secret", "s1",
                   "--product", "Premium")  # fmt: skip
    assert len((await commands.json("apps", "show", "app"))["credentials"]) == 2
    generated = await commands.json("apps", "keys", "create", "app", "--product", "Premium")
    assert len(generated["consumerKey"]) >= 32
    await commands("apps", "keys", "delete", "app", "k1")
    await commands("apps", "revoke", "app")
    assert "revoked" in (await commands("apps", "list")).output
    await commands("apps", "approve", "app")
    result = await commands("tokens", "revoke", "--app", str(app["appId"]))
    assert "revoked" in result.output
    await commands("apps", "delete", "app")
    await commands("developers", "delete", EMAIL)
    await commands("products", "delete", "Premium")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("products", "show", "Premum"), "did you mean 'Premium'?"),
        (("developers", "show", "tesla@weathersample.co"), f"did you mean '{EMAIL}'?"),
        (("apps", "show", "ap"), "did you mean 'app'?"),
        (("proxies", "show", "oaut"), "did you mean 'oauth'?"),
        (("deploy", "--proxy", "oauth", "--env", "tst"), "did you mean 'test'?"),
        (("tokens", "revoke", "--app", "nobody"), "there are: "),
    ],
)
async def test_an_unknown_name_earns_a_suggestion(
    commands: Commands, words: tuple[str, ...], message: str
) -> None:
    await make_app(commands)
    assert message in (await commands(*words, code=1)).output


async def test_a_wrong_password_is_told_with_the_remedy(commands: Commands) -> None:
    result = await commands("proxies", "list", code=1, GATEWAY_ADMIN_PASSWORD="wrong")
    assert "wrong name or password" in result.output
    assert "GATEWAY_ADMIN_PASSWORD" in result.output
    assert "Traceback" not in result.output


async def test_a_server_that_does_not_run_is_told_with_the_remedy(commands: Commands) -> None:
    result = await commands("proxies", "list", code=1, GATEWAY_SERVER="http://127.0.0.1:1")
    assert "cannot reach http://127.0.0.1:1" in result.output
    assert "gateway serve" in result.output


async def test_a_broken_bundle_is_refused_with_the_messages_of_check(
    commands: Commands, tmp_path: Path
) -> None:
    await commands("new", "bad", "--target", "http://x.example.com", "--dir", str(tmp_path))
    path = tmp_path / "bad" / "apiproxy" / "proxies" / "default.xml"
    path.write_text(
        path.read_text().replace("<Request/>", "<Request><Step><Name>no</Name></Step></Request>", 1)
    )
    checked = await commands("check", str(tmp_path / "bad"), code=1)
    refused = await commands("deploy", str(tmp_path / "bad"), "--env", "test", code=1)
    message = next(line for line in checked.output.splitlines() if "'no'" in line)
    assert message.startswith("apiproxy/proxies/default.xml:")
    assert message in refused.output


async def test_new_with_a_server_publishes_a_product(commands: Commands, tmp_path: Path) -> None:
    result = await commands(
        "new", "weather2", "--target", "http://w.example.com", "--secure", "oauth",
        "--dir", str(tmp_path),
    )  # fmt: skip
    assert "API product weather2-Product is created" in result.output
    assert (await commands.json("products", "show", "weather2-Product"))["proxies"] == ["weather2"]
    await commands("deploy", str(tmp_path / "weather2"), "--env", "test")
    answer = await commands.live.get("/weather2")
    assert answer.errorcode == "oauth.v2.InvalidAccessToken"


async def test_json_is_what_the_server_says(commands: Commands) -> None:
    assert await commands.json("proxies", "list") == ["oauth"]
    assert (await commands.json("proxies", "show", "oauth"))["revision"] == ["1"]


async def test_a_profile_gives_server_and_password(commands: Commands, tmp_path: Path) -> None:
    from tests.live import PASSWORD

    profiles = tmp_path / "profiles.toml"
    profiles.write_text(
        f'[mine]\nserver = "{commands.live.management_url}"\npassword = "{PASSWORD}"\n'
    )
    environment = {
        "GATEWAY_SERVER": "", "GATEWAY_ADMIN_PASSWORD": "", "GATEWAY_PROFILES": str(profiles),
    }  # fmt: skip
    result = await commands("proxies", "list", "--profile", "mine", **environment)
    assert "oauth" in result.output
    missing = await commands("proxies", "list", "--profile", "other", code=2, **environment)
    assert "there is no profile 'other'" in missing.output
