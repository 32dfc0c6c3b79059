"""AssignMessage against its sheet. Source: reference/policies/AssignMessage.md."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.bundle.diagnostics import Diagnostics
from gateway.flow.context import Context
from gateway.flow.recorder import StepPlace
from tests.policies import assign_harness as harness


@pytest.mark.parametrize("case", harness.cases("assign_message.yaml"), ids=harness.case_name)
def test_sheet(case: dict[str, Any]) -> None:
    xml = f'<AssignMessage name="AM">{case["xml"]}</AssignMessage>'
    step, deployment = harness.compile_xml(xml, case.get("resources"))
    context = harness.exchange(case)
    raised = harness.run(step, context)
    if "fault" in case:
        assert raised is not None
        assert [raised.fault.code, raised.text_for("edge")] == case["fault"]
        assert raised.status_for("edge") == 500
        assert context.variables["assignmessage.AM.failed"] is True
    else:
        assert raised is None, raised
        assert "assignmessage.AM.failed" not in context.variables
    harness.check_variables(case.get("expect", {}), deployment, context)


@pytest.mark.parametrize("case", harness.cases("assign_message_errors.yaml"), ids=harness.case_name)
def test_check_names_line_and_trouble(case: dict[str, Any]) -> None:
    diagnostics = Diagnostics()
    policy = harness.read(case["xml"], diagnostics)
    policy.compile(harness.deployment(diagnostics))
    (found,) = diagnostics.all
    assert found.severity == ("error" if "error" in case else "warning")
    assert case.get("error", case.get("warning")) in found.message
    assert (found.file, found.line) == ("policies/P.xml", case["line"])


def bodies(children: str) -> set[str]:
    _, deployment = harness.compile_xml(f'<AssignMessage name="AM">{children}</AssignMessage>')
    return deployment.variables.reads_body


@pytest.mark.parametrize(
    "children",
    [
        "<Set><Headers><Header name='a'>{request.header.b}</Header></Headers></Set>",
        "<Add><Headers><Header name='a'>1</Header></Headers></Add>",
        "<Add><QueryParams><QueryParam name='a'>1</QueryParam></QueryParams></Add>",
        "<Set><StatusCode>404</StatusCode><ReasonPhrase>x</ReasonPhrase><Verb>PUT</Verb></Set>",
        "<Remove><Headers/><QueryParams/></Remove>",
        "<Copy source='request'><Headers/><QueryParams/><Verb>true</Verb></Copy>",
        "<AssignTo>request</AssignTo><Set><Headers><Header name='a'>1</Header></Headers></Set>",
        "<AssignVariable><Name>x</Name><Ref>request.verb</Ref></AssignVariable>",
    ],
)
def test_a_policy_without_payload_lets_bodies_stream(children: str) -> None:
    assert bodies(children) == set()


@pytest.mark.parametrize(
    ("children", "touched"),
    [
        ("<Set><Payload>x</Payload></Set>", {"message"}),
        ("<AssignTo>request</AssignTo><Set><Payload>x</Payload></Set>", {"request"}),
        ("<AssignTo>response</AssignTo><Set><Payload>x</Payload></Set>", {"message"}),
        ("<Set><FormParams><FormParam name='a'>1</FormParam></FormParams></Set>", {"message"}),
        ("<Remove><Payload/></Remove>", {"message"}),
        ("<Remove><FormParams/></Remove>", {"message"}),
        ("<Remove/>", {"message"}),
        ("<AssignTo>x</AssignTo><Copy source='request'><Payload/></Copy>", {"x", "request"}),
        ("<Set><Headers><Header name='a'>{request.content}</Header></Headers></Set>", {"request"}),
        ("<AssignTo createNew='true'>request</AssignTo><Set/>", {"request"}),
        (
            "<AssignVariable><Name>x</Name><Template ref='t'/></AssignVariable>",
            {"request", "response", "message"},
        ),
    ],
)
def test_a_policy_that_writes_or_reads_a_body_says_so(children: str, touched: set[str]) -> None:
    assert bodies(children) == touched


def test_continue_on_error_goes_on_with_the_failure_in_variables() -> None:
    step, deployment = harness.compile_xml(
        '<AssignMessage name="AM" continueOnError="true"><Set><Payload>{x}</Payload></Set>'
        "</AssignMessage>"
    )
    context = harness.exchange({})
    assert harness.run(step, context) is None
    expected = {"assignmessage.AM.failed": True, "fault.name": "UnresolvedVariable"}
    harness.check_variables(expected, deployment, context)


class Recording:
    """A recorder that keeps what was written."""

    def __init__(self) -> None:
        self.written: list[tuple[str, object]] = []

    def wrote(self, name: str, value: object) -> None:
        self.written.append((name, value))

    def read(self, name: str, value: object) -> None: ...
    def condition(self, place: object, outcome: bool) -> None: ...
    def flow_entered(self, context: Context, endpoint: str, flow: str, segment: str) -> None: ...
    def step_started(self, context: Context, place: StepPlace) -> None: ...
    def step_ended(self, *told: object) -> None: ...


def recorded(children: str, case: dict[str, Any]) -> list[tuple[str, object]]:
    """What a recorded run of the policy writes."""
    diagnostics = Diagnostics()
    policy = harness.read(f'<AssignMessage name="AM">{children}</AssignMessage>', diagnostics)
    step = policy.compile(harness.deployment(diagnostics, recorded=True))
    context = harness.exchange(case)
    context.recorder = recording = Recording()
    step(context)
    return recording.written


def test_a_recorded_run_tells_the_variables_that_were_assigned() -> None:
    children = "<AssignVariable><Name>x</Name><Value>1</Value></AssignVariable>"
    assert recorded(children, {}) == [("x", "1")]


def test_a_recorded_run_tells_what_was_set() -> None:
    children = (
        "<Set><Headers><Header name='a'>1</Header></Headers><Payload contentType='text/plain'>x"
        "</Payload><StatusCode>201</StatusCode></Set>"
        "<Add><QueryParams><QueryParam name='q'>1</QueryParam></QueryParams></Add>"
    )
    assert recorded(children, {"phase": "response"}) == [
        ("response.header.a", "1"),
        ("response.header.Content-Type", "text/plain"),
        ("response.content", "x"),
        ("response.status.code", 201),
        ("response.queryparam.q", None),
    ]


def test_a_recorded_run_tells_what_was_copied_and_removed() -> None:
    children = (
        "<AssignTo>saved</AssignTo><Copy source='request'/>"
        "<Remove><Headers><Header name='a'/></Headers><QueryParams/><Payload/></Remove>"
    )
    request = {"verb": "PUT", "query": "q=1", "headers": {"a": "1"}, "body": "text"}
    written = recorded(children, {"request": request})
    assert ("saved.headers.names", ["a"]) in written
    assert ("saved.verb", "PUT") in written
    assert written[-3:] == [
        ("saved.header.a", None),
        ("saved.querystring", ""),
        ("saved.content", ""),
    ]


def test_templates_out_of_variables_stay_bounded() -> None:
    step, _ = harness.compile_xml(
        '<AssignMessage name="AM"><AssignVariable><Name>x</Name><Template ref="t"/>'
        "</AssignVariable></AssignMessage>"
    )
    context = harness.exchange({})
    for number in range(300):
        context.variables["t"] = f"{number} {{messageid}}"
        step(context)
        assert context.variables["x"] == f"{number} id-1"
