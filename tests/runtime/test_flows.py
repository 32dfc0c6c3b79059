"""reference/runtime/flows.md section 3 and 4: what runs, in which order, and routes."""

from __future__ import annotations

from tests.live import (
    NULL_ROUTE,
    Backend,
    Live,
    add_header,
    proxy_files,
    set_header,
    step,
)


def trail(*names: str) -> dict[str, str]:
    """Policies that each append their name to the header X-Trail of the message."""
    return {name: add_header(name, "X-Trail", name) for name in names}


def segment(flow: str, request: str = "", response: str = "", condition: str = "") -> str:
    test = f"<Condition>{condition}</Condition>" if condition else ""
    name = flow if flow in ("PreFlow", "PostFlow") else "Flow"
    return (
        f'<{name} name="{flow}">{test}<Request>{request}</Request>'
        f"<Response>{response}</Response></{name}>"
    )


async def test_segments_run_in_the_documented_order(live: Live, backend: Backend) -> None:
    names = ("p1", "p2", "p3", "t1", "t2", "t3", "r1", "r2", "r3", "q1", "q2", "q3")
    files = proxy_files(
        policies=trail(*names),
        url=backend.url,
        proxy=segment("PreFlow", step("p1"), step("q1"))
        + f"<Flows>{segment('a', step('p2'), step('q2'))}</Flows>"
        + segment("PostFlow", step("p3"), step("q3")),
        target=segment("PreFlow", step("t1"), step("r1"))
        + f"<Flows>{segment('a', step('t2'), step('r2'))}</Flows>"
        + segment("PostFlow", step("t3"), step("r3")),
    )
    assert (await live.deploy("order", files)).status == 200
    answer = await live.get("/t")
    assert backend.last.headers.getall("X-Trail") == ["p1", "p2", "p3", "t1", "t2", "t3"]
    assert answer.headers.getall("X-Trail") == ["r1", "r2", "r3", "q1", "q2", "q3"]  # type: ignore[attr-defined]


async def test_the_first_flow_whose_condition_is_true_runs_and_no_other(live: Live) -> None:
    flows = (
        segment("a", step("a"), condition='proxy.pathsuffix = "/a"')
        + segment("b", step("b"), condition='request.verb = "GET"')
        + segment("c", step("c"))
    )
    files = proxy_files(policies=trail("a", "b", "c"), routes=NULL_ROUTE,
                        proxy=f"<Flows>{flows}</Flows>")  # fmt: skip
    await live.deploy("choose", files)
    assert (await live.get("/t/a")).headers["X-Trail"] == "a"
    assert (await live.get("/t/b")).headers["X-Trail"] == "b"
    assert (await live.call("POST", "/t/b", data=b"")).headers["X-Trail"] == "c"


async def test_the_flow_is_chosen_anew_for_the_response(live: Live, backend: Backend) -> None:
    flows = segment(
        "by status", step("a"), step("b"), condition="response.status.code = 200"
    ) + segment("else", step("c"), step("d"))
    files = proxy_files(policies=trail("a", "b", "c", "d"), url=backend.url,
                        proxy=f"<Flows>{flows}</Flows>")  # fmt: skip
    await live.deploy("anew", files)
    answer = await live.get("/t")
    assert backend.last.headers["X-Trail"] == "c"
    assert answer.headers["X-Trail"] == "b"


async def test_a_null_route_echoes_the_request(live: Live) -> None:
    await live.deploy("echo", proxy_files(routes=NULL_ROUTE))
    answer = await live.call("POST", "/t/x?y=1", data=b"hello", headers={"X-Mine": "1"})
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["X-Mine"] == "1"
    assert "Connection" not in answer.headers


async def test_a_response_written_in_the_request_flow_survives_a_null_route(live: Live) -> None:
    write = (
        '<AssignMessage name="write"><AssignTo createNew="true" type="response">response'
        "</AssignTo><Set><StatusCode>201</StatusCode><Payload>mine</Payload></Set></AssignMessage>"
    )
    files = proxy_files(policies={"write": write}, routes=NULL_ROUTE,
                        proxy=segment("PreFlow", step("write")))  # fmt: skip
    await live.deploy("survive", files)
    answer = await live.call("POST", "/t", data=b"hello")
    assert (answer.status, answer.body) == (201, b"mine")


async def test_the_first_route_whose_condition_is_true_is_taken(
    live: Live, backend: Backend
) -> None:
    routes = (
        '<RouteRule name="none"><Condition>request.verb = "DELETE"</Condition></RouteRule>'
        f'<RouteRule name="url"><Condition>request.verb = "PUT"</Condition><URL>{backend.url}/u'
        "</URL></RouteRule>"
        '<RouteRule name="default"><TargetEndpoint>default</TargetEndpoint></RouteRule>'
    )
    await live.deploy("routes", proxy_files(routes=routes, url=f"{backend.url}/base"))
    assert (await live.call("DELETE", "/t/a")).body == b""
    assert not backend.requests
    assert (await live.call("PUT", "/t/a?x=1", data=b"")).text == "backend PUT /u/a?x=1"
    assert (await live.get("/t/a?x=1")).text == "backend GET /base/a?x=1"


async def test_no_true_route_is_the_fault_route_failed(live: Live) -> None:
    routes = '<RouteRule name="never"><Condition>request.verb = "LOCK"</Condition></RouteRule>'
    await live.deploy("failed", proxy_files(routes=routes))
    answer = await live.get("/t")
    assert answer.status == 500
    assert answer.errorcode == "messaging.runtime.RouteFailed"
    fault = answer.json()["fault"]
    assert fault["faultstring"] == "Unable to route the message to a Target Endpoint"


async def test_a_disabled_policy_is_skipped(live: Live) -> None:
    off = set_header("off", "X-Off", "1").replace(
        "<AssignMessage ", '<AssignMessage enabled="false" '
    )
    files = proxy_files(policies={"off": off}, routes=NULL_ROUTE,
                        proxy=segment("PreFlow", "", step("off")))  # fmt: skip
    await live.deploy("disabled", files)
    assert "X-Off" not in (await live.get("/t")).headers


async def test_continue_on_error_sets_the_variables_and_goes_on(live: Live) -> None:
    verify = (
        '<VerifyAPIKey name="vk" continueOnError="true"><APIKey ref="request.queryparam.k"/>'
        "</VerifyAPIKey>"
    )
    tell = add_header("tell", "X-Failed", "{oauthV2.vk.failed} {fault.name}")
    files = proxy_files(
        policies={"vk": verify, "tell": tell},
        routes=NULL_ROUTE,
        proxy=segment("PreFlow", step("vk"), step("tell")),
    )
    await live.deploy("goon", files)
    answer = await live.get("/t")
    assert answer.status == 200
    assert answer.headers["X-Failed"] == "true FailedToResolveAPIKey"


async def test_api_timeout_is_checked_between_policies(live: Live) -> None:
    files = proxy_files(
        policies=trail("a"),
        routes=NULL_ROUTE,
        properties='<Property name="api.timeout">0</Property>',
        proxy=segment("PreFlow", step("a")),
    )
    await live.deploy("late", files)
    answer = await live.get("/t")
    assert (answer.status, answer.errorcode) == (504, "flow.APITimedOut")


async def test_an_unknown_path_is_application_not_found(live: Live) -> None:
    answer = await live.get("/strr/v1/permits?x=1")
    assert answer.status == 404
    assert answer.body == (
        b'{"fault":{"faultstring":"Unable to identify proxy for host: default and url: '
        b'\\/strr\\/v1\\/permits","detail":{"errorcode":'
        b'"messaging.adaptors.http.flow.ApplicationNotFound"}}}'
    )


async def test_two_endpoints_of_one_proxy_have_their_own_base_paths(live: Live) -> None:
    files = proxy_files(
        routes=NULL_ROUTE, policies=trail("a", "b"), proxy=segment("PreFlow", step("a"))
    )
    files["apiproxy/proxies/second.xml"] = (
        files["apiproxy/proxies/default.xml"]
        .replace('name="default"', 'name="second"')
        .replace("/t<", "/t/second<")
        .replace("<Name>a<", "<Name>b<")
    )
    assert (await live.deploy("two", files)).status == 200
    assert (await live.get("/t/other")).headers["X-Trail"] == "a"
    assert (await live.get("/t/second/x")).headers["X-Trail"] == "b"


async def test_encoded_slashes_and_double_slashes_pass_untouched(
    live: Live, backend: Backend
) -> None:
    await live.deploy("raw", proxy_files(url=backend.url))
    await live.get("/t/a%2Fb//c%20d?q=%2F+x")
    assert backend.last.raw_path == "/a%2Fb//c%20d?q=%2F+x"
