"""RaiseFault against its sheet. Source: reference/policies/RaiseFault.md."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies import assign_harness as harness

RAISED = ["steps.raisefault.RaiseFault", "Raising fault. Fault name : RF-1"]


@pytest.mark.parametrize("case", harness.cases("raise_fault.yaml"), ids=harness.case_name)
def test_sheet(case: dict[str, Any]) -> None:
    xml = f'<RaiseFault name="RF-1">{case.get("xml", "")}</RaiseFault>'
    step, deployment = harness.compile_xml(xml)
    context = harness.exchange(case)
    raised = harness.run(step, context)
    assert raised is not None
    expected = case.get("fault", RAISED)
    if "<ShortFaultReason>true" in xml:
        expected = [RAISED[0], "RF-1"]
    assert [raised.fault.code, raised.text_for("edge")] == expected
    harness.check_variables(case["expect"], deployment, context)


def test_each_run_makes_a_message_of_its_own() -> None:
    step, _ = harness.compile_xml(
        '<RaiseFault name="RF-1"><FaultResponse><Add><Headers><Header name="a">1</Header>'
        "</Headers></Add></FaultResponse></RaiseFault>"
    )
    for _ in range(2):
        context = harness.exchange({})
        harness.run(step, context)
        assert context.error is not None
        assert context.error.headers.getall("a") == ["1"]


def test_continue_on_error_raises_all_the_same() -> None:
    step, _ = harness.compile_xml('<RaiseFault name="RF-1" continueOnError="true"/>')
    assert harness.run(step, harness.exchange({})) is not None


def test_a_rule_that_adds_a_header_accumulates_and_keeps_the_status() -> None:
    raising, _ = harness.compile_xml(
        '<RaiseFault name="RF-1"><FaultResponse><Set><Headers><Header name="errorNote">woops'
        "</Header></Headers><StatusCode>468</StatusCode></Set></FaultResponse></RaiseFault>"
    )
    adding, deployment = harness.compile_xml(
        '<AssignMessage name="AM"><Add><Headers><Header name="errorNote">gremlins</Header>'
        "</Headers></Add></AssignMessage>"
    )
    context = harness.exchange({})
    harness.run(raising, context)
    harness.run(adding, context)
    expected = {"error.header.errorNote.values.string": "woops,gremlins", "error.status.code": 468}
    harness.check_variables(expected, deployment, context)


def test_its_headers_let_bodies_stream() -> None:
    _, deployment = harness.compile_xml(
        '<RaiseFault name="RF-1"><FaultResponse><Set><Payload>x</Payload></Set></FaultResponse>'
        "</RaiseFault>"
    )
    assert deployment.variables.reads_body == set()


def test_a_copied_payload_does_not() -> None:
    _, deployment = harness.compile_xml(
        '<RaiseFault name="RF-1"><FaultResponse><Copy source="request"><Payload/></Copy>'
        "</FaultResponse></RaiseFault>"
    )
    assert deployment.variables.reads_body == {"request"}
