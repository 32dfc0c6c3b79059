"""Every row of the table in reference/runtime/conditions.md section 7."""

import tomllib
from pathlib import Path

import pytest

from gateway.flow.conditions import ConditionError, compile_condition

VECTORS = tomllib.loads(Path(__file__).with_name("condition_vectors.toml").read_text("utf-8"))


def test_the_table_is_complete():
    assert [vector["number"] for vector in VECTORS["vector"]] == list(range(1, 112))


@pytest.mark.parametrize("vector", VECTORS["vector"], ids=lambda vector: str(vector["number"]))
def test_condition(vector, resolver):
    variables = {
        name: object() if isinstance(value, dict) else value
        for name, value in vector["variables"].items()
    }
    if vector["expected"] == "parse error":
        with pytest.raises(ConditionError):
            compile_condition(vector["condition"], resolver)
    else:
        condition = compile_condition(vector["condition"], resolver)
        assert condition.test(variables) is vector["expected"]
