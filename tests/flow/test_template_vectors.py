"""Every row of the table in reference/runtime/templates.md section 6."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.flow.templates import TemplateError, UnresolvedVariable, compile_template

VECTORS = tomllib.loads(Path(__file__).with_name("template_vectors.toml").read_text("utf-8"))


def test_the_table_is_complete():
    assert [vector["number"] for vector in VECTORS["vector"]] == list(range(1, 86))


@pytest.mark.parametrize("vector", VECTORS["vector"], ids=lambda vector: str(vector["number"]))
def test_template(vector, resolver):
    context = {**VECTORS["bindings"], **vector.get("variables", {})}
    prefix, suffix = vector.get("delimiters", ["{", "}"])

    def compiled():
        return compile_template(
            vector["template"],
            resolver,
            prefix=prefix,
            suffix=suffix,
            ignore_unresolved=vector.get("ignore_unresolved", True),
        )

    if "error" in vector:
        with pytest.raises(TemplateError) as refused:
            compiled()
        assert refused.value.code == vector["error"]
    elif "fault" in vector:
        with pytest.raises(UnresolvedVariable):
            compiled().render(context)
    elif "matches" in vector:
        assert re.fullmatch(vector["matches"], compiled().render(context))
    else:
        assert compiled().render(context) == vector["expected"]
        assert bool(compiled().warnings) is vector.get("warns", False)
