"""The tree of an XML file: names, text, lines, markup, encodings, refusals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bundle.diagnostics import BundleError
from gateway.bundle.xml import Element, parse_xml


def parse(text, file="policies/A.xml"):
    return parse_xml(text if isinstance(text, bytes) else text.encode(), file)


def refusal(text):
    with pytest.raises(BundleError) as refused:
        parse(text)
    return str(refused.value)


# -- the tree


def test_elements_know_name_attributes_file_and_line():
    root = parse('<A name="x">\n\n  <B ref="y"/></A>')
    child = root.find("B")
    assert (root.name, dict(root.attributes), root.line) == ("A", {"name": "x"}, 1)
    assert (child.name, dict(child.attributes), child.line) == ("B", {"ref": "y"}, 3)
    assert child.file == "policies/A.xml"


def test_attributes_cannot_be_changed():
    with pytest.raises(TypeError):
        parse('<A name="x"/>').attributes["name"] = "y"


def test_text_is_direct_unescaped_and_not_stripped():
    assert parse("<A> a &amp; <B>b</B><![CDATA[<c>]]> &#100; </A>").text == " a & <c> d "


def test_comments_are_no_text():
    assert parse("<A>a<!-- b -->c</A>").text == "ac"


def test_prefixes_stay_in_names_and_need_no_declaration():
    assert parse("<soap:Body><soap:Fault/></soap:Body>").find("soap:Fault") is not None


def test_find_follows_a_path_through_repeated_elements():
    root = parse("<A><Set/><Set><Payload>x</Payload></Set></A>")
    assert root.find("Set/Payload").text == "x"
    assert root.find("Set/Nothing") is None


def test_find_all_gives_direct_children_only():
    root = parse("<A><B/><C><B/></C><B/></A>")
    assert len(list(root.find_all("B"))) == 2


def test_child_text_is_trimmed_and_empty_means_the_default():
    root = parse("<A><B> x </B><C/><D> </D></A>")
    assert root.child_text("B") == "x"
    assert [root.child_text(name, "y") for name in "CDE"] == ["y", "y", "y"]


def test_line_ends_of_windows_become_newlines():
    root = parse("<A>a\r\nb\r<B/>c\r\n</A>")
    assert root.text == "a\nb\nc\n"
    assert root.markup == "a\nb\n<B/>c\n"


# -- markup


def test_markup_without_children_is_the_unescaped_text():
    assert parse("<Payload>{&quot;a&quot;: 1}<![CDATA[<b>]]></Payload>").markup == '{"a": 1}<b>'


def test_child_markup_is_verbatim():
    inner = """
  <soap:Envelope xmlns:soap='{soap.uri}' a = "b>c"
 >&lt;<x/><!-- c --></soap:Envelope>"""
    assert parse(f"<Payload contentType='text/xml'>{inner} </Payload>").markup == inner + " "


def test_cdata_beside_child_markup_is_unwrapped():
    assert parse("<P><a/><![CDATA[<b> & ]]>c<![CDATA[d]]></P>").markup == "<a/><b> & cd"


def test_cdata_marks_in_a_comment_stay():
    assert parse("<P><a/><!-- <![CDATA[x]]> --></P>").markup == "<a/><!-- <![CDATA[x]]> -->"


def test_an_end_mark_in_an_attribute_does_not_end_the_tag():
    assert parse("""<P a="x>y" b='">'><c/></P>""").markup == "<c/>"


@pytest.mark.parametrize(
    ("codec", "declared", "mark"),
    [
        ("utf-8", "UTF-8", b""),
        ("utf-8", "UTF-8", b"\xef\xbb\xbf"),
        ("utf-16-le", "UTF-16", b"\xff\xfe"),
        ("utf-16-be", "UTF-16", b"\xfe\xff"),
        ("utf-16-le", "UTF-16", b""),
        ("utf-16-be", "UTF-16", b""),
        ("iso-8859-1", "ISO-8859-1", b""),
        ("windows-1252", "windows-1252", b""),
    ],
)
def test_text_and_markup_are_right_in_every_encoding(codec, declared, mark):
    text = f'<?xml version="1.0" encoding="{declared}"?>\n<A>é<B>ü<C d="ß"/></B></A>'
    root = parse(mark + text.encode(codec))
    assert root.text == "é"
    assert root.markup == 'é<B>ü<C d="ß"/></B>'
    assert root.find("B").markup == 'ü<C d="ß"/>'
    assert root.line == 2


def test_us_ascii_is_read():
    assert parse('<?xml version="1.0" encoding="us-ascii"?><A>x</A>').text == "x"


# -- what is refused, with the remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<A>\n<B>\n</A>", ":3: not well-formed XML: mismatched tag; <B> of line 2 is not closed"),
        ("<A>\n<B>", ":2: not well-formed XML: no element found; <B> of line 2 is not closed"),
        ("<A>\nx && y</A>", ":2: not well-formed XML: invalid token; in text, write & as &amp;"),
        ("<A>x &y z</A>", "write & as &amp; and < as &lt;"),
        ("<A>x < y</A>", "write & as &amp; and < as &lt;"),
        ("<A>&nbsp;</A>", "undefined entity; XML knows &amp;"),
        ("<A/><B/>", "junk after document element"),
        ('<A b="1" b="2"/>', "duplicate attribute"),
        ('{"a": 1}', ":1: not well-formed XML: invalid token"),
        ("", ":1: the file is empty"),
        (" \n ", ":1: the file is empty"),
        ("<!-- nothing -->", "no element found"),
        ('<?xml version="1.0" encoding="klingon"?><A/>', "unknown encoding: klingon"),
        ('<?xml version="1.0" encoding="shift_jis"?><A/>', "multi-byte encodings"),
    ],
)
def test_a_malformed_file_is_refused_with_line_and_remedy(text, said):
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("before", "what"),
    [("<!-- licence\n -->\n", "a comment"), ("\n", "a blank"), ("<?pi x?>\n", "markup")],
)
def test_what_stands_before_the_declaration_is_named(before, what):
    said = refusal(before + '<?xml version="1.0"?>\n<A/>')
    assert "the XML declaration must be the very first thing in the file" in said
    assert f"{what} stands before it" in said


def test_bytes_of_another_encoding_are_named():
    assert "save it as UTF-8" in refusal("<A>é</A>".encode("latin-1"))


# -- anything at all


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    try:
        assert isinstance(parse(content), Element)
    except BundleError as error:
        assert error.diagnostics


_PIECES = st.sampled_from(
    [
        "<A>", "</A>", "<B x='1'>", "</B>", "<c/>", "text", "&amp;", "&#10;", "&x;", "<![CDATA[",
        "]]>", "<!--", "-->", "<?pi ", "?>", "<!DOCTYPE A [", "<!ENTITY x 'y'>", "]>", "\r\n",
        "\0", "é", '"', ">", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>',
    ]
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=12), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_any_mixture_of_markup_is_read_or_refused(pieces, codec):
    try:
        root = parse("".join(pieces).encode(codec))
    except BundleError:
        return
    assert isinstance(root.markup, str)


_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


@given(_TEXT, _TEXT)
def test_what_is_escaped_comes_back(text, inner):
    def escaped(value):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    root = parse(f"<A>{escaped(text)}<B>{escaped(inner)}</B></A>")
    assert root.text == text
    assert root.find("B").markup == inner
    assert root.markup == f"{escaped(text)}<B>{escaped(inner)}</B>"
