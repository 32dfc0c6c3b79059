"""Whatever a variable holds, a message that a policy writes stays one message."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policies import assign_harness as harness

_REQUEST, _ = harness.compile_xml(
    '<AssignMessage name="AM"><Set><Headers><Header name="a">x{v}</Header></Headers>'
    "<Verb>{v}</Verb><Path>/{v}</Path><Version>{v}</Version></Set>"
    '<Add><Headers><Header name="b">{v}</Header></Headers></Add></AssignMessage>'
)
_RESPONSE, _ = harness.compile_xml(
    '<RaiseFault name="RF"><FaultResponse><Set><Payload contentType="{v}">x</Payload>'
    "<StatusCode>{v}</StatusCode><ReasonPhrase>{v}</ReasonPhrase></Set></FaultResponse>"
    "</RaiseFault>"
)
_ANYTHING = st.text(st.sampled_from("\r\n\0 :/?#%aé\ud800") | st.characters(), max_size=12)


@settings(max_examples=80, deadline=None)
@given(_ANYTHING)
def test_a_request_cannot_be_split(value: str) -> None:
    context = harness.exchange({"variables": {"v": value}})
    assert harness.run(_REQUEST, context) is None
    request = context.request
    for text in request.headers.values():
        assert not set(text) & set("\r\n\0")
    assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", request.verb)
    assert re.fullmatch(r"/[\x21-\x7e]*", request.path)
    assert re.fullmatch(r"[\x21-\x7e]*", request.query)
    assert request.version in ("1.0", "1.1")


@settings(max_examples=80, deadline=None)
@given(_ANYTHING)
def test_a_response_cannot_be_split(value: str) -> None:
    context = harness.exchange({"variables": {"v": value}})
    harness.run(_RESPONSE, context)
    assert context.error is not None
    assert 200 <= context.error.status_code <= 999
    for text in (context.error.reason_phrase, *context.error.headers.values()):
        assert not set(text) & set("\r\n\0")
