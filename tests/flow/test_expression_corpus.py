"""Conditions and templates of real bundles compile."""

import re
from html import unescape
from pathlib import Path

import pytest

from gateway.flow.conditions import ConditionError, compile_condition
from gateway.flow.templates import TemplateError, compile_template

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of bundles is absent")

BROKEN_CONDITION = '{wackyvar.foo} and request.verb="POST"'
"""A fixture of apigeelint that shows a broken condition."""

_TEMPLATES = re.compile(
    r"<(Payload|Header|QueryParam|FormParam|Verb|Path|StatusCode|ReasonPhrase|Template|URL)\b"
    r"([^>]*)(?<!/)>(.*?)</\1>",
    re.DOTALL,
)


def xml_files():
    for path in sorted(CORPUS.rglob("*.xml")):
        text = path.read_text("utf-8", "replace")
        yield path, re.sub("<!--.*?-->", "", text, flags=re.DOTALL)


def unescaped(markup):
    if "<![CDATA[" in markup:
        return re.sub(r"<!\[CDATA\[(.*?)\]\]>", r"\1", markup, flags=re.DOTALL)
    return unescape(markup)


def test_every_condition_compiles(resolver):
    conditions = {
        unescaped(markup).strip()
        for _, text in xml_files()
        for markup in re.findall("<Condition>(.*?)</Condition>", text, re.DOTALL)
    }
    assert len(conditions) > 500
    for condition in conditions:
        if "{{" in condition or condition.startswith(BROKEN_CONDITION):
            continue
        try:
            compile_condition(condition, resolver).test({})
        except ConditionError as refused:
            pytest.fail(f"{condition}: {refused.message}")


def test_every_template_compiles(resolver):
    seen = 0
    for path, text in xml_files():
        if not re.search(r"<(AssignMessage|RaiseFault|ServiceCallout)\b", text):
            continue
        for _, attributes, markup in _TEMPLATES.findall(text):
            given = dict(re.findall(r'(\w+)\s*=\s*"([^"]+)"', attributes))
            delimiters = given.get("variablePrefix", "{"), given.get("variableSuffix", "}")
            try:
                template = compile_template(
                    unescaped(markup),
                    resolver,
                    prefix=delimiters[0],
                    suffix=delimiters[1],
                    ignore_unresolved=True,
                )
            except TemplateError as refused:
                pytest.fail(f"{path}: {refused.message}")
            assert isinstance(template.render({}), str)
            seen += 1
    assert seen > 500
