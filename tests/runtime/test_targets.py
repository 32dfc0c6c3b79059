"""reference/runtime/endpoint-properties.md sections 2, 5 and 6: the call to a target."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.live import Backend, Live, proxy_files, set_header, step


def request_step(name: str) -> str:
    return f'<PreFlow name="PreFlow"><Request>{step(name)}</Request></PreFlow>'


def assign(name: str, **variables: str) -> str:
    parts = "".join(
        f"<AssignVariable><Name>{variable.replace('__', '.')}</Name><Value>{value}</Value>"
        "</AssignVariable>"
        for variable, value in variables.items()
    )
    return f'<AssignMessage name="{name}">{parts}</AssignMessage>'


@pytest.mark.parametrize(
    ("url", "called", "expected"),
    [
        ("", "/t", "/"),
        ("/", "/t/a", "/a"),
        ("/base", "/t/a?x=1", "/base/a?x=1"),
        ("/base/", "/t/a", "/base/a"),
        ("/base", "/t/", "/base/"),
        ("/base?k=v", "/t/a?x=1", "/base/a?k=v&x=1"),
        ("/base?k=v", "/t", "/base?k=v"),
    ],
)
async def test_suffix_and_query_are_appended_to_the_url(
    live: Live, backend: Backend, url: str, called: str, expected: str
) -> None:
    await live.deploy("join", proxy_files(url=backend.url + url))
    await live.get(called)
    assert backend.last.raw_path == expected


async def test_host_is_the_targets_and_the_client_is_told(live: Live, backend: Backend) -> None:
    await live.deploy("host", proxy_files(url=backend.url))
    await live.get("/t", headers={"X-Forwarded-For": "10.1.2.3"})
    headers = backend.last.headers
    assert headers["Host"] == f"127.0.0.1:{backend.port}"
    assert headers["X-Forwarded-For"] == "10.1.2.3, 127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"


async def test_target_url_assigned_in_the_target_flow_replaces_it(
    live: Live, backend: Backend
) -> None:
    files = proxy_files(
        policies={"u": assign("u", target__url=f"{backend.url}/other?z=1")},
        url="http://127.0.0.1:1",
        target=request_step("u"),
    )
    await live.deploy("assigned", files)
    await live.get("/t/a?x=1")
    assert backend.last.raw_path == "/other/a?z=1&x=1"


async def test_copying_suffix_and_query_can_be_switched_off(live: Live, backend: Backend) -> None:
    policy = assign("u", target__copy__pathsuffix="false", target__copy__queryparams="false")
    await live.deploy(
        "off", proxy_files(policies={"u": policy}, url=f"{backend.url}/b", target=request_step("u"))
    )
    await live.get("/t/a?x=1")
    assert backend.last.raw_path == "/b"


async def test_target_url_assigned_in_the_proxy_flow_is_overwritten(
    live: Live, backend: Backend
) -> None:
    files = proxy_files(
        policies={"u": assign("u", target__url="http://127.0.0.1:1/no")},
        url=backend.url,
        proxy=request_step("u"),
    )
    await live.deploy("early", files)
    assert (await live.get("/t")).status == 200


@pytest.mark.parametrize(
    ("assigned", "code"),
    [("", "protocol.http.EmptyPath"), ("?x=1", "protocol.http.BadPath")],
)
async def test_an_assigned_url_without_path_is_refused(
    live: Live, backend: Backend, assigned: str, code: str
) -> None:
    policy = assign("u", target__url=backend.url + assigned, target__copy__pathsuffix="false")
    files = proxy_files(policies={"u": policy}, url=backend.url, target=request_step("u"))
    await live.deploy("empty", files)
    answer = await live.get("/t/a")
    assert (answer.status, answer.errorcode) == (500, code)


async def test_a_path_set_in_the_target_flow_is_sent(live: Live, backend: Backend) -> None:
    policy = (
        '<AssignMessage name="p"><Set><Path>/new path</Path><Verb>PUT</Verb></Set></AssignMessage>'
    )
    files = proxy_files(policies={"p": policy}, url=f"{backend.url}/b", target=request_step("p"))
    await live.deploy("path", files)
    await live.get("/t/a?x=1")
    assert (backend.last.method, backend.last.raw_path) == ("PUT", "/new%20path?x=1")


async def test_a_path_set_in_the_proxy_flow_does_not_redirect(live: Live, backend: Backend) -> None:
    policy = '<AssignMessage name="p"><Set><Path>/elsewhere</Path></Set></AssignMessage>'
    files = proxy_files(policies={"p": policy}, url=f"{backend.url}/b", proxy=request_step("p"))
    await live.deploy("path", files)
    await live.get("/t/a")
    assert backend.last.raw_path == "/b/a"


async def test_a_new_request_made_by_a_policy_goes_to_the_targets_url(
    live: Live, backend: Backend
) -> None:
    policy = (
        '<AssignMessage name="n"><AssignTo createNew="true" type="request"/><Set><Verb>POST</Verb>'
        '<Payload contentType="text/plain">new</Payload></Set></AssignMessage>'
    )
    files = proxy_files(policies={"n": policy}, url=f"{backend.url}/b", proxy=request_step("n"))
    await live.deploy("fresh", files)
    await live.get("/t/a", headers={"X-Old": "1"})
    assert (backend.last.method, backend.last.raw_path) == ("POST", "/b/a")
    assert backend.bodies[-1] == b"new"
    assert "X-Old" not in backend.last.headers


async def test_hop_by_hop_fields_stay_on_their_hop(live: Live, backend: Backend) -> None:
    await live.deploy("hop", proxy_files(url=backend.url))
    await live.get(
        "/t", headers={"Connection": "X-Hop, keep-alive", "X-Hop": "1", "TE": "trailers", "X": "2"}
    )
    assert "X-Hop" not in backend.last.headers
    assert "TE" not in backend.last.headers
    assert backend.last.headers["X"] == "2"


async def test_repeated_headers_and_cookies_arrive_as_they_came(
    live: Live, backend: Backend
) -> None:
    async def cookies(request: web.BaseRequest) -> web.StreamResponse:
        answer = web.Response(text="x")
        answer.headers.add("Set-Cookie", "a=1, 2")
        answer.headers.add("Set-Cookie", "b=2")
        return answer

    backend.answer = cookies
    await live.deploy("cookies", proxy_files(url=backend.url))
    answer = await live.get("/t")
    assert answer.headers.getall("Set-Cookie") == ["a=1, 2", "b=2"]  # type: ignore[attr-defined]


async def test_redirects_are_passed_through(live: Live, backend: Backend) -> None:
    async def redirect(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    backend.answer = redirect
    await live.deploy("redirect", proxy_files(url=backend.url))
    answer = await live.get("/t")
    assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


async def test_a_closed_port_is_service_unavailable(live: Live) -> None:
    await live.deploy("closed", proxy_files(url="http://127.0.0.1:1"))
    answer = await live.get("/t")
    assert answer.status == 503
    assert answer.json() == {
        "fault": {
            "faultstring": "The Service is temporarily unavailable",
            "detail": {"errorcode": "messaging.adaptors.http.flow.ServiceUnavailable"},
        }
    }


async def test_a_silent_target_is_a_gateway_timeout(live: Live, backend: Backend) -> None:
    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    backend.answer = silent
    files = proxy_files(
        url=backend.url, target_properties='<Property name="io.timeout.millis">200</Property>'
    )
    await live.deploy("silent", files)
    answer = await live.get("/t")
    assert (answer.status, answer.errorcode) == (
        504,
        "messaging.adaptors.http.flow.GatewayTimeout",
    )


async def test_an_unresolvable_host_is_named(live: Live) -> None:
    await live.deploy("nohost", proxy_files(url="http://no-such-host.invalid/"))
    answer = await live.get("/t")
    assert (answer.status, answer.errorcode) == (503, "protocol.http.NoResolvedHost")
    assert "Unable to resolve host no-such-host.invalid" in answer.text


async def test_a_body_over_ten_megabytes_is_too_big(live: Live, backend: Backend) -> None:
    await live.deploy("big", proxy_files(url=backend.url))
    answer = await live.call("POST", "/t", data=b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status, answer.errorcode) == (413, "protocol.http.TooBigBody")
    assert not backend.requests


async def test_a_target_body_over_ten_megabytes_is_too_big(live: Live, backend: Backend) -> None:
    async def big(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"x" * (10 * 1024 * 1024 + 1))

    backend.answer = big
    await live.deploy("big", proxy_files(url=backend.url))
    answer = await live.get("/t")
    assert (answer.status, answer.errorcode) == (502, "protocol.http.TooBigBody")


async def test_streaming_passes_bodies_of_any_size(live: Live, backend: Backend) -> None:
    size = 24 * 1024 * 1024

    async def mirror(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=backend.bodies[-1])

    backend.answer = mirror
    on = "".join(
        f'<Property name="{side}.streaming.enabled">true</Property>'
        for side in ("request", "response")
    )
    files = proxy_files(url=backend.url, properties=on, target_properties=on)
    await live.deploy("stream", files)
    answer = await live.call("POST", "/t", data=b"x" * size)
    assert (answer.status, len(answer.body)) == (200, size)


async def test_a_policy_that_reads_a_streamed_body_makes_it_buffered(
    live: Live, backend: Backend
) -> None:
    on = '<Property name="request.streaming.enabled">true</Property>'
    files = proxy_files(
        policies={"h": set_header("h", "X-Body", "{request.content}", "request")},
        url=backend.url,
        properties=on,
        target_properties=on,
        proxy=request_step("h"),
    )
    await live.deploy("reads", files)
    await live.call("POST", "/t", data=b"hello")
    assert backend.last.headers["X-Body"] == "hello"
    assert backend.bodies[-1] == b"hello"


async def test_an_edited_form_and_query_are_sent_edited(live: Live, backend: Backend) -> None:
    policy = (
        '<AssignMessage name="e"><AssignVariable><Name>request.formparam.b</Name><Value>2 3</Value>'
        "</AssignVariable><AssignVariable><Name>request.queryparam.q</Name><Value>%</Value>"
        "</AssignVariable></AssignMessage>"
    )
    files = proxy_files(policies={"e": policy}, url=backend.url, proxy=request_step("e"))
    await live.deploy("edited", files)
    await live.call(
        "POST",
        "/t?keep=%2f&q=1",
        data="a=1&b=2",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert backend.bodies[-1] == b"a=1&b=2+3"
    assert backend.last.query_string.encode() == b"keep=%2f&q=%25" or (
        backend.last.raw_path == "/?keep=%2f&q=%25"
    )
