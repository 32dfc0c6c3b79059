"""Every fault of OAuthV2 and VerifyAPIKey: provoked, and compared with the reference."""

from __future__ import annotations

import base64
import csv
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.policies.oauth_world import START, TOKEN, World, product, request

DATA = tomllib.loads(Path(__file__).with_name("oauth_faults.toml").read_text())
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "faults.tsv"


def _with_refresh_token(world: World, **parts: Any) -> None:
    world.tokens.refresh_tokens["refreshme"] = TOKEN
    world.change_token(refresh_issued_at=START, refresh_expires_at=START + 10_000, **parts)


def _expire_refresh_token(world: World) -> None:
    _with_refresh_token(world)
    world.clock.ms = START + 10_000


CHANGES: dict[str, Callable[[World], None]] = {
    "app deleted": lambda world: world.change_token(credential=None),
    "token expired": lambda world: world.change_token(expires_at=START),
    "token revoked": lambda world: world.change_token(status="revoked"),
    "token with scope C": lambda world: world.change_token(scope="C"),
    "app revoked": lambda world: world.change(app={"status": "revoked"}),
    "developer inactive": lambda world: world.change(developer={"status": "inactive"}),
    "key revoked": lambda world: world.change(status="revoked"),
    "key expired": lambda world: world.change(expires_at=START),
    "no product": lambda world: world.sells(),
    "product revoked": lambda world: world.sells(product(), status="revoked"),
    "product of another proxy": lambda world: world.sells(product(proxies=("other",))),
    "product of another environment": lambda world: world.sells(product(environments=("prod",))),
    "product with resources only": lambda world: world.sells(
        product(proxies=(), environments=(), resources=("/forecastrss",))
    ),
    "refresh token expired": _expire_refresh_token,
    "refresh token of another client": lambda world: _with_refresh_token(
        world, consumer_key="otherkey"
    ),
}


def _filled(text: str | None) -> str | None:
    if text is None:
        return None
    text = text.replace("{token}", TOKEN)
    found = re.search(r"\{basic:(.+?)\}", text)
    if found is None:
        return text
    return text.replace(found[0], base64.b64encode(found[1].encode()).decode())


def _cases() -> list[Any]:
    return [
        pytest.param(case, flavor, id=f"{case['title']} [{flavor}]")
        for case in DATA["case"]
        for flavor in case.get("flavors", ("edge", "x"))
    ]


def _expected_text(case: dict[str, Any], flavor: str) -> str:
    text = case["text"]
    return text if isinstance(text, str) else text[flavor]


@pytest.mark.parametrize(("case", "flavor"), _cases())
async def test_refusal(world: World, case: dict[str, Any], flavor: str) -> None:
    for change in case.get("world", ()):
        CHANGES[change](world)
    run = world.runner(DATA["policies"][case["policy"]], flavor=flavor)
    headers = {}
    if "authorization" in case:
        headers["Authorization"] = _filled(case["authorization"]) or ""
    message = request(_filled(case.get("query")) or "", case.get("form"), **headers)
    outcome = await run(message, suffix=case.get("suffix", "/forecastrss"))

    code, text = case["code"], _expected_text(case, flavor)
    fault = outcome.fault
    assert fault.fault.code == code
    assert fault.text_for(flavor) == text  # type: ignore[arg-type]
    assert outcome.response.status_code == case["status"]
    assert outcome.response.headers["Content-Type"] == "application/json"
    if "raw" in case:
        assert case["raw"] in outcome.response.content
    challenge = outcome.response.headers.get("WWW-Authenticate")
    if case.get("header"):
        assert challenge == (
            f'Bearer realm="null",error="invalid_token",error_description="{code}: {text}"'
        )
    else:
        assert challenge is None
    name = run.policy.name
    assert outcome[f"oauthV2.{name}.failed"] is True
    assert outcome[f"oauthV2.{name}.fault.name"] == code
    assert outcome[f"oauthV2.{name}.fault.cause"] == text


async def test_continue_on_error_leaves_the_failure_in_variables(world: World) -> None:
    run = world.runner(
        '<VerifyAPIKey name="K" continueOnError="true"><APIKey>nosuchkey</APIKey></VerifyAPIKey>'
    )
    outcome = await run(request())
    assert outcome.raised is None
    assert outcome["verifyapikey.K.failed"] is True
    assert outcome["oauthV2.K.failed"] is True
    assert outcome["fault.name"] == "InvalidApiKey"


# -- the reference


def _rows() -> list[dict[str, str]]:
    if not REFERENCE.exists():
        return []
    with REFERENCE.open() as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["policy"] in ("OAuthV2", "VerifyAPIKey")]


def _matches(row: dict[str, str], case: dict[str, Any], flavor: str) -> bool:
    xml = DATA["policies"][case["policy"]]
    if not xml.startswith(f"<{row['policy']} ") or flavor not in case.get("flavors", ("edge", "x")):
        return False
    status = row[f"status_{flavor}"]
    if row["errorcode"] != case["code"] or status != str(case["status"]):
        return False
    text = _expected_text(case, flavor)
    if row["match"] == "code":
        return True
    pattern = re.sub(r"\\\{(?!\d)[^}]*\\\}", ".+", re.escape(row["faultstring"]))
    return re.fullmatch(pattern, text) is not None


def _reason(row: dict[str, str]) -> str | None:
    for missing in DATA["missing"]:
        if any(trigger in row["trigger"] for trigger in missing["trigger"]):
            return str(missing["reason"])
    return None


@pytest.mark.skipif(not REFERENCE.exists(), reason="reference/faults.tsv is not there")
@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row['errorcode']} {row['trigger']}")
def test_each_row_of_the_reference_is_provoked_or_excused(row: dict[str, str]) -> None:
    for flavor in ("edge", "x"):
        if row[f"status_{flavor}"] == "-":
            continue
        provoked = any(_matches(row, case, flavor) for case in DATA["case"])
        assert provoked or _reason(row), f"no case provokes this in {flavor}"


def test_every_case_raises_a_fault_that_its_policy_declares(world: World) -> None:
    for case in DATA["case"]:
        policy, _ = world.read(DATA["policies"][case["policy"]])
        assert case["code"] in {fault.code for fault in type(policy).faults()}
