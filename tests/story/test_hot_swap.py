"""A bundle deployed again takes effect without dropping a request."""

from __future__ import annotations

import asyncio

from tests.live import NULL_ROUTE, Backend, Live, proxy_files, set_header, step

FLOWS = (
    '<PreFlow name="PreFlow"><Request>{in_step}</Request><Response>{out_step}</Response></PreFlow>'
)


def revision_files(number: int, url: str) -> dict[str, str]:
    """A bundle that writes its number into the request and into the response."""
    return proxy_files(
        policies={
            "a": set_header("a", "X-Request-Revision", str(number), "request"),
            "b": set_header("b", "X-Response-Revision", str(number)),
        },
        proxy=FLOWS.format(in_step=step("a"), out_step=step("b")),
        url=url,
    )


async def test_fifty_deployments_under_load_lose_no_request(live: Live, backend: Backend) -> None:
    from aiohttp import web

    async def mirror(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.002)
        seen = request.headers["X-Request-Revision"]
        return web.Response(text=seen, headers={"X-Seen": seen})

    backend.answer = mirror
    assert (await live.deploy("swap", revision_files(0, backend.url))).status == 200
    answers: list[tuple[int, str, str]] = []
    deploying = True

    async def call() -> None:
        answer = await live.get("/t")
        headers = answer.headers
        answers.append(
            (answer.status, headers.get("X-Seen", ""), headers.get("X-Response-Revision", ""))
        )

    async def load() -> None:
        calls: set[asyncio.Task[None]] = set()
        while deploying:
            calls.add(asyncio.create_task(call()))
            await asyncio.sleep(1 / 200)
        await asyncio.gather(*calls)

    loading = asyncio.create_task(load())
    for number in range(1, 51):
        assert (await live.deploy("swap", revision_files(number, backend.url))).status == 200
        answer = await live.get("/t")
        assert answer.headers["X-Response-Revision"] == str(number), "live when it is answered"
    deploying = False
    await loading
    assert len(answers) > 50
    assert {status for status, _, _ in answers} == {200}
    assert all(seen == written for _, seen, written in answers), "one revision served it wholly"
    assert len({seen for _, seen, _ in answers}) > 10


async def test_a_broken_bundle_is_refused_and_the_running_revision_goes_on(
    live: Live, backend: Backend
) -> None:
    await live.deploy("swap", revision_files(1, backend.url))
    broken = revision_files(2, backend.url)
    broken["apiproxy/proxies/default.xml"] = broken["apiproxy/proxies/default.xml"].replace(
        "<Name>a<", "<Name>aa<"
    )
    answer = await live.deploy("swap", broken)
    assert answer.status == 400
    assert "apiproxy/proxies/default.xml:1: " in answer.json()["message"]
    assert "aa" in answer.json()["message"]
    assert (await live.get("/t")).headers["X-Response-Revision"] == "1"


async def test_a_new_base_path_takes_the_place_of_the_old_one(live: Live) -> None:
    await live.deploy("moving", proxy_files(routes=NULL_ROUTE, base_path="/old"))
    await live.deploy("moving", proxy_files(routes=NULL_ROUTE, base_path="/new"))
    assert (await live.get("/new")).status == 200
    assert (await live.get("/old")).status == 404


async def test_a_base_path_that_another_proxy_has_is_refused(live: Live) -> None:
    await live.deploy("first", proxy_files(routes=NULL_ROUTE))
    answer = await live.deploy("second", proxy_files(routes=NULL_ROUTE))
    assert answer.status in (400, 409)
    assert "/t" in answer.json()["message"]
    assert (await live.get("/t")).status == 200


async def test_undeploying_stops_serving(live: Live) -> None:
    await live.deploy("gone", proxy_files(routes=NULL_ROUTE))
    path = "/environments/test/apis/gone/revisions/1/deployments"
    assert (await live.manage("DELETE", path)).status == 200
    assert (await live.get("/t")).errorcode == "messaging.adaptors.http.flow.ApplicationNotFound"
