"""reference/runtime/flows.md section 5: fault rules, default rules, fault bodies."""

from __future__ import annotations

import pytest
from aiohttp import web

from tests.live import NULL_ROUTE, Backend, Live, add_header, proxy_files, step

RAISE = (
    '<RaiseFault name="{name}"><FaultResponse><Set><StatusCode>{status}</StatusCode>'
    "<Payload>{body}</Payload></Set></FaultResponse></RaiseFault>"
)
VERIFY = '<VerifyAPIKey name="vk"><APIKey ref="request.queryparam.apikey"/></VerifyAPIKey>'
PRE = f'<PreFlow name="PreFlow"><Request>{step("vk")}</Request><Response/></PreFlow>'
TELL = (
    "{fault.name}|{error.status.code}|{is.error}|{oauthV2.vk.failed}|{message.status.code}|"
    "{apigee.edge.execution.fault_policy_name}"
)


def raising(name: str, status: int, body: str) -> str:
    return RAISE.format(name=name, status=status, body=body)


def marks(*names: str) -> dict[str, str]:
    return {name: add_header(name, "X-Mark", name) for name in names}


def rule(name: str, steps: str, condition: str = "") -> str:
    test = f"<Condition>{condition}</Condition>" if condition else ""
    return f'<FaultRule name="{name}">{steps}{test}</FaultRule>'


def default_rule(steps: str, always: bool = False) -> str:
    enforce = "<AlwaysEnforce>true</AlwaysEnforce>" if always else ""
    return f'<DefaultFaultRule name="d">{enforce}{steps}</DefaultFaultRule>'


def faulty_proxy(rules: str, **policies: str) -> dict[str, str]:
    """A proxy whose PreFlow always fails in the policy vk."""
    return proxy_files(
        policies={"vk": VERIFY, **marks("a", "b", "c"), **policies},
        proxy=PRE + rules,
        routes=NULL_ROUTE,
    )


def marked(answer: object) -> list[str]:
    return answer.headers.getall("X-Mark", [])  # type: ignore[attr-defined, no-any-return]


async def test_a_proxy_endpoint_tries_its_rules_from_the_last_to_the_first(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('a'))}{rule('2', step('b'))}</FaultRules>"
    await live.deploy("bottomup", faulty_proxy(rules))
    answer = await live.get("/t")
    assert marked(answer) == ["b"]
    assert (answer.status, answer.errorcode) == (401, "steps.oauth.v2.FailedToResolveAPIKey")


async def test_a_target_endpoint_tries_its_rules_from_the_first_to_the_last(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('a'))}{rule('2', step('b'))}</FaultRules>"
    files = proxy_files(policies=marks("a", "b"), target=rules, url="http://127.0.0.1:1")
    await live.deploy("topdown", files)
    answer = await live.get("/t")
    assert marked(answer) == ["a"]
    assert answer.errorcode == "messaging.adaptors.http.flow.ServiceUnavailable"


async def test_only_a_rule_whose_condition_is_true_runs(live: Live) -> None:
    rules = "<FaultRules>{}{}</FaultRules>".format(
        rule("1", step("a"), 'fault.name = "FailedToResolveAPIKey"'),
        rule("2", step("b"), 'fault.name = "Other"'),
    )
    await live.deploy("cond", faulty_proxy(rules))
    assert marked(await live.get("/t")) == ["a"]


async def test_the_default_rule_runs_when_no_rule_ran(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('a'), 'fault.name = null')}</FaultRules>"
    await live.deploy("default", faulty_proxy(rules + default_rule(step("c"))))
    assert marked(await live.get("/t")) == ["c"]


async def test_a_rule_that_ran_blocks_the_default_rule(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('a'))}</FaultRules>"
    await live.deploy("blocked", faulty_proxy(rules + default_rule(step("c"))))
    assert marked(await live.get("/t")) == ["a"]


async def test_always_enforce_runs_the_default_rule_afterwards(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('a'))}</FaultRules>"
    await live.deploy("always", faulty_proxy(rules + default_rule(step("c"), always=True)))
    assert marked(await live.get("/t")) == ["a", "c"]


async def test_a_rule_whose_steps_were_all_skipped_still_blocks_the_default_rule(
    live: Live,
) -> None:
    rules = f"<FaultRules>{rule('1', step('a', 'fault.name = null'))}</FaultRules>"
    await live.deploy("skipped", faulty_proxy(rules + default_rule(step("c"))))
    assert marked(await live.get("/t")) == []


async def test_raise_fault_in_a_rule_cancels_always_enforce(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('rf') + step('a'))}</FaultRules>"
    files = faulty_proxy(
        rules + default_rule(step("c"), always=True), rf=raising("rf", 418, "teapot")
    )
    await live.deploy("cancel", files)
    answer = await live.get("/t")
    assert (answer.status, answer.body) == (418, b"teapot")
    assert marked(answer) == []


async def test_a_target_fault_runs_the_proxys_default_rule_but_not_its_rules(live: Live) -> None:
    files = proxy_files(
        policies=marks("a", "b", "c"),
        url="http://127.0.0.1:1",
        proxy=f"<FaultRules>{rule('1', step('b'))}</FaultRules>" + default_rule(step("c")),
        target=f"<FaultRules>{rule('1', step('a'))}</FaultRules>",
    )
    await live.deploy("both", files)
    answer = await live.get("/t")
    assert answer.status == 503
    assert marked(answer) == ["a", "c"]


async def test_a_target_status_of_4xx_is_passed_on_untouched(live: Live, backend: Backend) -> None:
    async def missing(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=404, text="no such thing", headers={"X-Own": "1"})

    backend.answer = missing
    files = proxy_files(
        policies={"tell": add_header("tell", "X-Tell", TELL), **marks("a")},
        url=backend.url,
        proxy='<PostFlow name="PostFlow"><Response>' + step("a") + "</Response></PostFlow>",
        target=f"<FaultRules>{rule('1', step('tell'))}</FaultRules>",
    )
    await live.deploy("passed", files)
    answer = await live.get("/t")
    assert (answer.status, answer.body) == (404, b"no such thing")
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["X-Tell"] == "ErrorResponseCode|404|true||404|"
    assert marked(answer) == [], "the response flow does not run after a fault"


async def test_success_codes_replace_the_default(live: Live, backend: Backend) -> None:
    async def missing(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=404, text="fine")

    backend.answer = missing
    files = proxy_files(
        policies=marks("a"),
        url=backend.url,
        target_properties='<Property name="success.codes">2xx,404</Property>',
        proxy='<PostFlow name="PostFlow"><Response>' + step("a") + "</Response></PostFlow>",
    )
    await live.deploy("success", files)
    answer = await live.get("/t")
    assert (answer.status, marked(answer)) == (404, ["a"])


async def test_the_error_flow_sees_the_faults_variables(live: Live) -> None:
    rules = f"<FaultRules>{rule('1', step('tell'))}</FaultRules>"
    files = faulty_proxy(rules, tell=add_header("tell", "X-Tell", TELL))
    await live.deploy("tells", files)
    answer = await live.get("/t")
    assert answer.headers["X-Tell"] == "FailedToResolveAPIKey|401|true|true|401|vk"


async def test_a_fault_in_the_request_flow_never_calls_the_target(
    live: Live, backend: Backend
) -> None:
    files = proxy_files(policies={"vk": VERIFY}, url=backend.url, proxy=PRE)
    await live.deploy("never", files)
    await live.get("/t")
    assert not backend.requests


async def test_headers_that_a_rule_adds_accumulate_with_those_of_raise_fault(live: Live) -> None:
    raise_fault = (
        '<RaiseFault name="rf"><FaultResponse><Set><StatusCode>468</StatusCode></Set><Add><Headers>'
        '<Header name="errorNote">woops</Header></Headers></Add></FaultResponse></RaiseFault>'
    )
    files = proxy_files(
        policies={"rf": raise_fault, "note": add_header("note", "errorNote", "gremlins")},
        routes=NULL_ROUTE,
        proxy=f'<PreFlow name="PreFlow"><Request>{step("rf")}</Request></PreFlow>'
        f"<FaultRules>{rule('1', step('note'))}</FaultRules>",
    )
    await live.deploy("notes", files)
    answer = await live.get("/t")
    assert answer.status == 468
    assert answer.headers.getall("errorNote") == ["woops", "gremlins"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("headers", "media_type", "start"),
    [
        ({}, "application/json", '{"fault":{"faultstring":"Failed'),
        ({"Accept": "*/*"}, "application/json", '{"fault"'),
        ({"Accept": "application/json"}, "application/json", '{"fault"'),
        (
            {"Accept": "application/xml"},
            "application/xml",
            "<?xml version='1.0' encoding='UTF-8'?><fault><faultstring>Failed",
        ),
        ({"Accept": "text/xml"}, "application/xml", "<?xml"),
        (
            {"Content-Type": "text/xml", "SOAPAction": "x"},
            "text/xml",
            "<soap:Envelope xmlns:soap=",
        ),
        ({"Content-Type": "application/soap+xml"}, "text/xml", "<soap:Envelope"),
    ],
)
async def test_the_client_chooses_the_form_of_a_fault(
    live: Live, headers: dict[str, str], media_type: str, start: str
) -> None:
    await live.deploy("forms", faulty_proxy(""))
    answer = await live.get("/t", headers=headers)
    assert answer.status == 401
    assert answer.headers["Content-Type"] == media_type
    assert answer.text.startswith(start)


async def test_a_bug_in_the_gateway_is_an_internal_server_error(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.runtime import exchange

    await live.deploy("bug", proxy_files(routes=NULL_ROUTE))

    async def broken(context: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(exchange, "_echo", broken)
    answer = await live.get("/t")
    assert answer.errorcode == "messaging.adaptors.http.flow.InternalServerError"
    assert b"secret" not in answer.body
