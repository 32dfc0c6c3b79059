"""XML that is written to hurt."""

import time

import pytest

from gateway.bundle import xml
from gateway.bundle.diagnostics import BundleError
from gateway.bundle.xml import parse_xml

BILLION_LAUGHS = (
    '<!DOCTYPE A [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n + 1} "&a{n};&a{n};">' for n in range(30))
    + "]><A>&a30;</A>"
)
ATTRIBUTES = " ".join(f"a{n}='1'" for n in range(1_001))
HOSTILE = {
    "entity expansion": (BILLION_LAUGHS, "document type declarations"),
    "an external entity": (
        '<!DOCTYPE A [<!ENTITY x SYSTEM "file:///etc/passwd">]><A>&x;</A>',
        "document type declarations",
    ),
    "an external DTD": ('<!DOCTYPE A SYSTEM "http://example.com/a.dtd"><A/>', "<!DOCTYPE"),
    "a parameter entity": (
        '<!DOCTYPE A [<!ENTITY % x SYSTEM "http://example.com/x"> %x;]><A/>',
        "document type declarations",
    ),
    "an empty DTD": ("<!DOCTYPE A><A/>", "document type declarations"),
    "deep nesting": ("<a>" * 100_000, "nested deeper than 200"),
    "closed deep nesting": ("<a>" * 201 + "</a>" * 201, "nested deeper than 200"),
    "many attributes": ("<A " + ATTRIBUTES + "/>", "more than 1000 attributes"),
    "many elements": ("<A>" + "<b/>" * 200_000 + "</A>", "more than 200,000 elements"),
    "a large file": ("<A>" + "x" * xml.MAX_BYTES + "</A>", "larger than 5,242,880 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused(name):
    text, said = HOSTILE[name]
    with pytest.raises(BundleError) as refused:
        parse_xml(text.encode(), "policies/A.xml")
    assert said in str(refused.value)
    assert refused.value.diagnostics[0].file == "policies/A.xml"


def test_the_line_of_a_doctype_is_named():
    with pytest.raises(BundleError, match=r"A\.xml:3: "):
        parse_xml(b'<?xml version="1.0"?>\n\n<!DOCTYPE A>\n<A/>', "A.xml")


def test_depth_up_to_the_limit_is_read():
    root = parse_xml(b"<a>" * 200 + b"</a>" * 200, "A.xml")
    assert root.find("/".join(["a"] * 199)) is not None


@pytest.mark.parametrize("token", [b"<!--", b"<a b='", b"<![CDATA[", b"&#", b"<a "])
def test_a_token_that_never_ends_costs_little(token):
    started = time.process_time()
    with pytest.raises(BundleError):
        parse_xml(b"<A>" + token + b" x" * 1_000_000, "A.xml")
    assert time.process_time() - started < 2


def test_markup_of_a_large_payload_costs_little():
    payload = b"<b/>" * 100_000 + b"<!-- <! -->" * 50_000 + b"<![CDATA[<!- <?]]>" * 50_000
    root = parse_xml(b"<P>" + payload + b"</P>", "A.xml")
    started = time.process_time()
    assert len(root.markup) == len(payload) - 12 * 50_000
    assert time.process_time() - started < 2
