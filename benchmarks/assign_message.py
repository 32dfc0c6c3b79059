"""The cost of one more AssignMessage step with one header, as a slope over 20 steps.

    python -m benchmarks.assign_message

Runs sequences of 0 to 20 steps as a flow does and fits a line; the budget is 1
microsecond per step. Source: reference/policies/AssignMessage.md.
"""

from __future__ import annotations

import statistics
import time

from multidict import CIMultiDict

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.model import Bundle, PolicyDefinition
from gateway.bundle.xml import parse_xml
from gateway.flow.context import Context, Place
from gateway.flow.deployment import Deployment, Environment
from gateway.flow.message import Message
from gateway.flow.policy import Step, read_policy
from gateway.flow.steps import guarded, sequence
from gateway.policies.assignmessage import AssignMessage

ROUNDS = 9
RUNS = 20_000
COUNTS = (0, 5, 10, 15, 20)
SHAPES = {
    "literal header": "<Set><Headers><Header name='x-{n}'>1</Header></Headers></Set>",
    "template header": "<Set><Headers><Header name='x-{n}'>{{proxy.pathsuffix}}</Header>"
    "</Headers></Set>",
    "removed header": "<Remove><Headers><Header name='x-{n}'/></Headers></Remove>",
    "assigned variable": "<AssignVariable><Name>v{n}</Name><Value>1</Value></AssignVariable>",
}


def compiled(shape: str, number: int) -> Step:
    """One step as `compile_steps` makes it."""
    xml = f'<AssignMessage name="AM-{number}">{shape.format(n=number)}</AssignMessage>'
    root = parse_xml(xml.encode(), "AM.xml")
    diagnostics = Diagnostics()
    definition = PolicyDefinition(root.name, f"AM-{number}", True, False, False, root, "AM.xml", 1)
    policy = read_policy(AssignMessage, definition, diagnostics)
    environment = Environment("acme", "test", "edge", None)  # type: ignore[arg-type]
    bundle = Bundle("apiproxy", "weather", "1", "", "", "")
    step = policy.compile(Deployment(environment, bundle, "1", {}, diagnostics))
    diagnostics.raise_if_errors()
    return guarded(policy, step)


def context() -> Context:
    headers = CIMultiDict({"Host": "api.example.com", "Accept": "*/*", "User-Agent": "bench"})
    place = Place("acme", "test", "weather", "1", "default", "/weather", "edge")
    return Context(place, Message.request("GET", headers), None, "/a", 0.0, "id")  # type: ignore[arg-type]


def microseconds(flow: Step) -> float:
    """CPU time of one run."""
    exchange = context()
    started = time.process_time()
    for _ in range(RUNS):
        flow(exchange)
    return (time.process_time() - started) / RUNS * 1e6


def slope(shape: str) -> float:
    """Microseconds per step: least squares over medians of interleaved rounds."""
    steps = [compiled(shape, number) for number in range(max(COUNTS))]
    flows = {count: sequence(steps[:count]) for count in COUNTS}
    times: dict[int, list[float]] = {count: [] for count in COUNTS}
    for _ in range(ROUNDS):
        for count, flow in flows.items():
            times[count].append(microseconds(flow))
    medians = [statistics.median(times[count]) for count in COUNTS]
    return statistics.linear_regression(COUNTS, medians).slope


if __name__ == "__main__":
    for name, shape in SHAPES.items():
        print(f"{name:20} {slope(shape):6.3f} us per step")
