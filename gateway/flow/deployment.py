"""What a bundle is compiled with: its place, the ports, and the makers of accessors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.bundle.diagnostics import Diagnostics, Located
from gateway.bundle.model import Bundle
from gateway.flow.conditions import ConditionError, compile_condition
from gateway.flow.context import Context
from gateway.flow.expressions import Getter
from gateway.flow.faults import Flavor
from gateway.flow.policy import Policy
from gateway.flow.recorder import ConditionPlace
from gateway.flow.templates import Template, TemplateError, compile_template
from gateway.flow.variables import RecordingVariables, Setter, Variables
from gateway.ports.services import Services

if TYPE_CHECKING:
    from gateway.bundle.model import Condition, Step

Test = Callable[[Context], bool]
FindPolicyType = Callable[[str], type[Policy] | None]


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment that a bundle is deployed to."""

    organization: str
    name: str
    flavor: Flavor
    services: Services


@dataclass(slots=True)
class Deployment:
    """One compilation of one bundle: plain, or recorded.

    Errors never stop it: they go to `diagnostics` with file and line, so that an author
    sees all of them; the caller refuses the deployment when there is one.
    """

    environment: Environment
    bundle: Bundle
    revision: str
    policies: dict[str, Policy]
    diagnostics: Diagnostics
    recorded: bool = False
    variables: Variables = field(init=False)

    def __post_init__(self) -> None:
        kind = RecordingVariables if self.recorded else Variables
        self.variables = kind(self.bundle.resources)

    @property
    def services(self) -> Services:
        return self.environment.services

    @property
    def flavor(self) -> Flavor:
        return self.environment.flavor

    def for_endpoint(self) -> Deployment:
        """The same deployment with a resolver of its own, so that what one endpoint
        reads of a body does not make another one buffer."""
        return replace(self)

    def getter(self, name: str) -> Getter:
        return self.variables.getter(name)

    def setter(self, name: str) -> Setter:
        return self.variables.setter(name)

    def template(
        self,
        text: str,
        where: Located,
        *,
        ignore_unresolved: bool = True,
        prefix: str = "{",
        suffix: str = "}",
    ) -> Template:
        """A message template (reference/runtime/templates.md). `where` has `.file` and
        `.line`, for errors; a faulty template renders as its own text."""
        try:
            template = compile_template(
                text,
                self.variables,
                prefix=prefix,
                suffix=suffix,
                ignore_unresolved=ignore_unresolved,
            )
        except TemplateError as error:
            self.diagnostics.error(where, str(error))
            return compile_template(
                "", self.variables, prefix=prefix, suffix=suffix, ignore_unresolved=True
            )
        for warning in template.warnings:
            self.diagnostics.warning(where, warning)
        return template

    def condition(self, condition: Condition | None, owner: str, name: str) -> Test | None:
        """The test of a condition; None where there is none (always true)."""
        if condition is None or not condition.text.strip():
            return None
        try:
            compiled = compile_condition(condition.text, self.variables)
        except ConditionError as error:
            self.diagnostics.error(
                condition, f"condition of {owner} '{name}': {error}: {condition.text.strip()}"
            )
            return None
        for warning in compiled.warnings:
            self.diagnostics.warning(condition, f"condition of {owner} '{name}': {warning}")
        if not self.recorded:
            return compiled.test
        place = ConditionPlace(owner, name, compiled.normal_form, condition.file, condition.line)
        return _recorded_test(compiled.test, place)

    def policy_of(self, step: Step) -> Policy | None:
        return self.policies.get(step.name)


def _recorded_test(test: Test, place: ConditionPlace) -> Test:
    def recorded(context: Context) -> bool:
        outcome = test(context)
        if context.recorder is not None:
            context.recorder.condition(place, outcome)
        return outcome

    return recorded
