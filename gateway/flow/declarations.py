"""What a policy's XML may say, declared beside the policy.

A policy is a frozen dataclass; each field carries the element or attribute it comes
from. Reading, unknown-element warnings, the reference page and the editors' schema are
derived from these declarations.

Paths: `Rate`, `Set/Payload`, `@async` (attribute of the policy), `AssignTo@createNew`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from gateway.bundle.diagnostics import Diagnostics
    from gateway.bundle.xml import Element
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.flow.faults import Fault

T = TypeVar("T")


class Required:
    """Marks a declaration without default."""


REQUIRED = Required()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a declaration needs while one policy is read."""

    root: Element
    diagnostics: Diagnostics

    def error(self, where: Element, message: str) -> None:
        self.diagnostics.error(where, message)

    def warning(self, where: Element, message: str) -> None:
        self.diagnostics.warning(where, message)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared element or attribute: where it stands, how it reads, what it is."""

    path: str
    kind: str
    """`text`, `boolean`, `variable`, `value or variable`, `element`."""
    default: str
    doc: str
    read: Callable[[Reading], object]
    covers: tuple[str, ...] = ()
    """Further top-level elements that belong to it."""

    @property
    def elements(self) -> tuple[str, ...]:
        """Names of the top-level elements that this declaration knows."""
        top = self.path.split("@", 1)[0].split("/", 1)[0]
        return (top, *self.covers) if top else self.covers


@dataclass(frozen=True, slots=True)
class Variable:
    """A flow variable that an element names. `explicit` False: it is the default."""

    name: str
    explicit: bool


@dataclass(frozen=True, slots=True)
class RefOr(Generic[T]):
    """A literal with an optional variable that wins when it resolves."""

    value: T | None
    ref: str | None
    parse: Callable[[str], T]

    def compile(
        self, deployment: Deployment, *, or_fault: Fault | None = None, **values: object
    ) -> Callable[[Context], T | None]:
        """The value at run time: the variable's when it is set and parses, otherwise the
        literal; without a literal None, or `or_fault` (with `ref` among its values)."""
        if self.ref is None:
            literal = self.value
            return lambda ctx: literal
        from gateway.flow.values import to_text

        read, parse, fallback, ref = deployment.getter(self.ref), self.parse, self.value, self.ref

        def resolve(ctx: Context) -> T | None:
            found = read(ctx)
            if found is not None:
                try:
                    return parse(to_text(found))
                except ValueError:
                    pass
            if fallback is None and or_fault is not None:
                raise or_fault(ref=ref, **values)
            return fallback

        return resolve


# -- declaring


def element(
    path: str,
    *,
    parse: Callable[[str], Any] = str,
    default: Any = REQUIRED,
    ref: str | None = None,
    doc: str = "",
) -> Any:
    """A text element (or attribute). `parse` turns its trimmed text into the value and
    raises ValueError with a message for the author; an absent or empty element gives
    `default`. With `ref`, the attribute of that name may hold a variable: `RefOr`."""

    def read(reading: Reading) -> object:
        where, text = locate(reading.root, path)
        variable = where.attributes.get(ref, "").strip() if ref and where is not None else ""
        value = _parsed(reading, path, where, text, parse, default, bool(variable))
        if ref is None:
            return value
        return RefOr(value, variable or None, parse)

    kind = "value or variable" if ref else "text"
    return _declare(Declaration(path, kind, _shown(default), doc, read), default)


def _parsed(
    reading: Reading,
    path: str,
    where: Element | None,
    text: str,
    parse: Callable[[str], Any],
    default: Any,
    has_variable: bool,
) -> object:
    if where is not None and text:
        try:
            return parse(text)
        except ValueError as error:
            reading.error(where, f"<{path}> '{text}': {error}")
            return None
    if default is not REQUIRED:
        return default
    if not has_variable:
        reading.error(where or reading.root, f"<{path}> is required in {reading.root.name}")
    return None


def flag(path: str, *, default: bool, present: bool | None = None, doc: str = "") -> Any:
    """A boolean element or attribute. Anything but `true` is false, as in Apigee; what
    is neither true nor false earns a warning. `present`: the value of an empty one."""

    def read(reading: Reading) -> object:
        where, text = locate(reading.root, path)
        if where is None:
            return default
        if not text:
            return default if present is None else present
        if text.lower() not in ("true", "false"):
            reading.warning(where, f"<{path}> '{text}' is neither true nor false: read as false")
        return text.lower() == "true"

    return _declare(Declaration(path, "boolean", str(default).lower(), doc, read), default)


def variable(path: str, *, default: str | None = None, doc: str = "") -> Any:
    """An element whose text is the NAME of a flow variable (`Variable | None`)."""

    def read(reading: Reading) -> object:
        _, text = locate(reading.root, path)
        if text:
            return Variable(text, True)
        return None if default is None else Variable(default, False)

    return _declare(Declaration(path, "variable", default or "", doc, read), None)


def custom(
    path: str, read: Callable[[Reading], Any], *, covers: tuple[str, ...] = (), doc: str = ""
) -> Any:
    """Elements with a shape of their own: `read` gets the whole policy."""
    return _declare(Declaration(path, "element", "", doc, read, covers), None)


def _declare(declaration: Declaration, default: Any) -> Any:
    return field(
        default=None if default is REQUIRED else default, metadata={"declaration": declaration}
    )


def _shown(default: object) -> str:
    if default is REQUIRED:
        return "required"
    return "" if default is None else str(default)


# -- reading


def locate(root: Element, path: str) -> tuple[Element | None, str]:
    """(element, trimmed text) that `path` names; (None, "") when it is not there. For an
    attribute the element is the one that carries it."""
    place, _, attribute = path.partition("@")
    where: Element | None = root.find(place) if place else root
    if where is None:
        return None, ""
    if attribute:
        text = where.attributes.get(attribute)
        return (None, "") if text is None else (where, text.strip())
    return where, where.text.strip()


def whole_number(minimum: int | None = None, maximum: int | None = None) -> Callable[[str], int]:
    """A parser of decimal integers within bounds."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
            raise ValueError(f"is not between {minimum} and {maximum}")
        return number

    return parse
