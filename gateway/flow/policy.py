"""The frame of every policy: declaration of elements, declared faults, `compile`.

A policy module defines one class with the decorator `@policy("Type")`. Nothing else
knows a policy by name: the module `gateway.policies.<type in lower case>` is imported
when a bundle uses it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, TypeVar, dataclass_transform

from gateway.flow.declarations import Declaration, Reading
from gateway.flow.declarations import custom as custom
from gateway.flow.declarations import element as element
from gateway.flow.declarations import flag as flag
from gateway.flow.declarations import variable as variable
from gateway.flow.faults import Fault, FaultRaised

if TYPE_CHECKING:
    from gateway.bundle.diagnostics import Diagnostics
    from gateway.bundle.model import PolicyDefinition
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment

Step = Callable[["Context"], Awaitable[None] | None]
"""One compiled step. It returns None, or an awaitable when it must wait for I/O."""

_TOLERATED = frozenset({"DisplayName", "Description", "Properties", "FaultRules"})

P = TypeVar("P", bound="Policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy of a bundle, read. Subclasses add declared fields."""

    name: str
    enabled: bool = True
    continue_on_error: bool = False
    file: str = ""
    line: int = 0

    type: ClassVar[str] = ""
    prefix: ClassVar[str] = ""
    """Namespace of the variables that tell a failure: `{prefix}.{name}.failed`."""

    def compile(self, deployment: Deployment) -> Step:
        """The step that runs this policy; decides here all that the XML decides."""
        raise NotImplementedError

    def record_failure(self, context: Context, raised: FaultRaised) -> None:
        """Set the variables by which later steps see that this policy failed."""
        if not self.prefix:
            return
        set_variables = context.variables
        set_variables[f"{self.prefix}.{self.name}.failed"] = True
        set_variables[f"{self.prefix}.failed"] = True
        set_variables[f"{self.prefix}.{self.name}.fault.name"] = raised.fault.name
        set_variables[f"{self.prefix}.{self.name}.fault.cause"] = raised.text_for(
            context.place.flavor
        )

    @classmethod
    def declarations(cls) -> tuple[tuple[str, Declaration], ...]:
        """(field name, declaration) in the order of the class."""
        return tuple(
            (item.name, item.metadata["declaration"])
            for item in fields(cls)
            if "declaration" in item.metadata
        )

    @classmethod
    def faults(cls) -> tuple[Fault, ...]:
        """Every fault this type declares, for the reference page and the fault tests."""
        found = (getattr(cls, name, None) for name in dir(cls))
        return tuple(sorted((f for f in found if isinstance(f, Fault)), key=lambda f: f.code))


@dataclass_transform(frozen_default=True, kw_only_default=True)
def policy(type_name: str) -> Callable[[type[P]], type[P]]:
    """Declare the class of a policy type, named as its root element."""

    def declare(cls: type[P]) -> type[P]:
        declared = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        declared.type = type_name
        return declared

    return declare


def read_policy(cls: type[P], definition: PolicyDefinition, diagnostics: Diagnostics) -> P:
    """The typed policy that the XML describes. What is wrong with it goes to
    `diagnostics`, all of it at once: unknown elements as warnings."""
    root = definition.element
    reading = Reading(root, diagnostics)
    declarations = cls.declarations()
    known = _TOLERATED.union(*(declaration.elements for _, declaration in declarations))
    for child in root.children:
        if child.name not in known:
            diagnostics.warning(
                child, f"<{child.name}> is not an element of {cls.type}: it has no effect"
            )
    values = {name: declaration.read(reading) for name, declaration in declarations}
    return cls(
        name=definition.name,
        enabled=definition.enabled,
        continue_on_error=definition.continue_on_error,
        file=root.file,
        line=root.line,
        **values,
    )
