"""JSONPath with Jayway's semantics, for the template function `jsonPath`.

Definite paths (names and indexes only) are compiled to own getters; the rest stands on
python-jsonpath. Source: reference/runtime/templates.md section 5; Jayway's JsonPath README.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import jsonpath
import orjson

from gateway.flow.expressions import ExpressionError
from gateway.flow.values import to_text

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_MISSING = object()


class JsonPathError(ExpressionError):
    """A path that Jayway's JSONPath does not know."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path. `find` gives the matches in a document, in order."""

    definite: bool
    """The path can match one place at most."""
    find: Callable[[Json], list[Json]]

    def text(self, document: str, want_array: bool) -> str:
        """What the template function answers; ValueError when `document` is no JSON.

        A scalar is its text, an object or array compact JSON, no match the empty string.
        Of an indefinite path's matches the first counts, unless the array is wanted.
        """
        found = self.find(load_json(document))
        if not found:
            return ""
        if want_array and not self.definite:
            return dump_json(found)
        return json_text(found[0])


def json_text(value: Json) -> str:
    """A string without quotes, null as the empty string, the rest as compact JSON."""
    if isinstance(value, dict | list):
        return dump_json(value)
    return to_text(value)


_LONG_NUMBER = re.compile(r"\d{19}")


def load_json(document: str) -> Json:
    """The value of a JSON text; integers of any size stay what they are."""
    # orjson makes floats of integers beyond 64 bits.
    loads = json.loads if _LONG_NUMBER.search(document) else orjson.loads
    value: Json = loads(document)
    return value


def dump_json(value: Json) -> str:
    """Compact JSON."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def compile_jsonpath(path: str) -> JsonPath:
    """Compile a path; `$` in front may be missing, as in Jayway."""
    normal = _normal(path.strip())
    steps = _definite_steps(normal)
    if steps is not None:
        return JsonPath(True, _definite(steps))
    return JsonPath(False, _indefinite(normal))


def _normal(path: str) -> str:
    if not path.startswith(("$", "@")):
        path = "$" + path if path.startswith("[") else "$." + path
    # Jayway takes a dot in front of a bracket: $.[0].lat
    return re.sub(r"(?<!\.)\.\[", "[", path)


_STEP = re.compile(
    r"""\.(?P<name>[^\s.\[\]()*'",?@$:]+)(?![\w(])
    | \[\s*'(?P<single>[^'\\]*)'\s*\]
    | \[\s*"(?P<double>[^"\\]*)"\s*\]
    | \[\s*(?P<index>-?\d{1,9})\s*\]""",
    re.VERBOSE,
)


def _definite_steps(path: str) -> list[str | int] | None:
    """Names and indexes of a definite path, None when the path has other steps."""
    steps: list[str | int] = []
    place = 1
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None:
            return None
        kind = match.lastgroup
        assert kind is not None
        steps.append(int(match[kind]) if kind == "index" else match[kind])
        place = match.end()
    return steps


def _definite(steps: list[str | int]) -> Callable[[Json], list[Json]]:
    def find(document: Json) -> list[Json]:
        value: object = document
        for step in steps:
            value = _child(value, step)
            if value is _MISSING:
                return []
        return [value]  # type: ignore[list-item]

    return find


def _child(value: object, step: str | int) -> object:
    if isinstance(step, str):
        return value.get(step, _MISSING) if isinstance(value, dict) else _MISSING
    if isinstance(value, list) and -len(value) <= step < len(value):
        return value[step]
    return _MISSING


def _indefinite(path: str) -> Callable[[Json], list[Json]]:
    try:
        compiled = jsonpath.compile(path)
    except (jsonpath.JSONPathError, RecursionError, ValueError) as error:
        raise JsonPathError(f"{path} is no JSONPath: {error}") from error

    def find(document: Json) -> list[Json]:
        if not isinstance(document, dict | list):
            return []
        return list(compiled.findall(document))  # type: ignore[arg-type]

    return find
