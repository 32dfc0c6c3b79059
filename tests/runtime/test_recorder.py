"""The recorded variant of a flow tells what ran; the plain one knows nothing of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.reader import read_bundle
from gateway.flow.compiler import CompiledEndpoint
from gateway.flow.context import Context
from gateway.flow.deployment import Environment
from gateway.flow.faults import FaultRaised
from gateway.flow.message import Message
from gateway.runtime.offline import offline_services
from gateway.runtime.preparation import compile_bundle
from tests.live import NULL_ROUTE, proxy_files, step

COPY = (
    '<AssignMessage name="copy"><AssignVariable><Name>copied</Name><Ref>{ref}</Ref>'
    "<Value>none</Value></AssignVariable></AssignMessage>"
)
VERIFY = '<VerifyAPIKey name="vk"><APIKey ref="request.queryparam.apikey"/></VerifyAPIKey>'


class Recording:
    """A recorder that keeps every call as a tuple."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def flow_entered(self, context: Context, endpoint: str, flow: str, segment: str) -> None:
        self.events.append(("flow", endpoint, flow, segment))

    def condition(self, place: Any, outcome: bool) -> None:
        self.events.append(("condition", place.owner, place.name, place.text, outcome))

    def step_started(self, context: Context, place: Any) -> None:
        self.events.append(("started", place.step, place.type, place.line))

    def step_ended(self, context: Context, place: Any, outcome: str, fault: Any) -> None:
        code = fault.fault.code if fault is not None else None
        self.events.append(("ended", place.step, outcome, code))

    def read(self, name: str, value: object) -> None:
        self.events.append(("read", name, value))

    def wrote(self, name: str, value: object) -> None:
        self.events.append(("wrote", name, value))


def compiled(policies: dict[str, str], steps: str, *, recorded: bool) -> CompiledEndpoint:
    pre_flow = f'<PreFlow name="PreFlow"><Request>{steps}</Request></PreFlow>'
    files = proxy_files(policies=policies, proxy=pre_flow, routes=NULL_ROUTE)
    bundle, _ = read_bundle({path: text.encode() for path, text in files.items()}, name="p")
    diagnostics = Diagnostics()
    environment = Environment("demo", "test", "edge", offline_services())
    proxy = compile_bundle(bundle, environment, "1", diagnostics, recorded=recorded)
    diagnostics.raise_if_errors()
    return proxy.endpoints[0]


async def run(endpoint: CompiledEndpoint, recording: Recording | None) -> Context:
    connection: Any = SimpleNamespace(scheme="http", client_host="::1", local_host="::1")
    request = Message.request("GET")
    request.headers["Authorization"] = "Bearer secret"
    request.headers["X"] = "1"
    context = Context(endpoint.place, request, connection, "", 0.0, "id")
    context.recorder = recording  # type: ignore[assignment]
    pending = endpoint.request(context)
    if pending is not None:
        await pending
    return context


async def test_steps_conditions_and_variables_are_told_in_order() -> None:
    steps = step("copy", 'request.verb = "GET"') + step("copy", 'request.verb = "PUT"')
    endpoint = compiled({"copy": COPY.format(ref="request.header.X")}, steps, recorded=True)
    recording = Recording()
    await run(endpoint, recording)
    assert recording.events == [
        ("flow", "proxy default", "PreFlow", "request"),
        ("read", "request.verb", "GET"),
        ("condition", "step", "copy", '(request.verb equals "GET")', True),
        ("started", "copy", "AssignMessage", 1),
        ("read", "request.header.X", "1"),
        ("wrote", "copied", "1"),
        ("ended", "copy", "ran", None),
        ("read", "request.verb", "GET"),
        ("condition", "step", "copy", '(request.verb equals "PUT")', False),
        ("ended", "copy", "skipped", None),
    ]


async def test_a_failed_step_is_told_with_its_fault() -> None:
    endpoint = compiled({"vk": VERIFY}, step("vk"), recorded=True)
    recording = Recording()
    with pytest.raises(FaultRaised):
        await run(endpoint, recording)
    assert recording.events[-1] == (
        "ended", "vk", "failed", "steps.oauth.v2.FailedToResolveAPIKey",
    )  # fmt: skip


async def test_a_disabled_step_is_told() -> None:
    off = COPY.format(ref="x").replace("<AssignMessage ", '<AssignMessage enabled="false" ')
    endpoint = compiled({"copy": off}, step("copy"), recorded=True)
    recording = Recording()
    await run(endpoint, recording)
    assert ("ended", "copy", "disabled", None) in recording.events


@pytest.mark.parametrize("ref", ["request.header.Authorization", "private.key"])
async def test_secrets_are_masked(ref: str) -> None:
    endpoint = compiled({"copy": COPY.format(ref=ref)}, step("copy"), recorded=True)
    recording = Recording()
    context = await run(endpoint, recording)
    context.variables["private.key"] = "secret"
    shown = [event for event in recording.events if event[0] == "read"]
    assert all("secret" not in str(event) for event in shown)


async def test_a_recorded_flow_runs_alike_without_a_recorder() -> None:
    policies = {"copy": COPY.format(ref="request.header.X")}
    for recorded in (False, True):
        context = await run(compiled(policies, step("copy"), recorded=recorded), None)
        assert context.variables["copied"] == "1"


async def test_the_plain_variant_never_calls_a_recorder() -> None:
    endpoint = compiled({"copy": COPY.format(ref="x")}, step("copy"), recorded=False)
    recording = Recording()
    await run(endpoint, recording)
    assert recording.events == []
