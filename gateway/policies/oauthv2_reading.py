"""How OAuthV2 reads the elements that have a shape or rules of their own.

Deployment errors begin with the names of the sheet.
Source: reference/policies/OAuthV2.md, "Elements" and "Deployment errors".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from gateway.flow.declarations import Reading, RefOr, Variable, locate
from gateway.policies.oauthv2_lifetime import parse_lifetime

if TYPE_CHECKING:
    from gateway.bundle.xml import Element

SUPPORTED = ("GenerateAccessToken", "RefreshAccessToken", "VerifyAccessToken", "InvalidateToken",
             "ValidateToken")  # fmt: skip
NOT_YET = ("GenerateAccessTokenImplicitGrant", "GenerateAuthorizationCode",
           "GenerateJWTAccessToken", "GenerateJWTAccessTokenImplicitGrant",
           "VerifyJWTAccessToken", "RefreshJWTAccessToken")  # fmt: skip
DEFAULT_OPERATION = SUPPORTED[0]

_ISSUING = frozenset(name for name in SUPPORTED + NOT_YET if name[:3] in ("Gen", "Ref"))
_APPLICABLE = {
    "ExpiresIn": _ISSUING,
    "RefreshTokenExpiresIn": _ISSUING - {"GenerateAccessTokenImplicitGrant"},
    "GrantTypes": _ISSUING,
}
_GRANT_TYPES = ("client_credentials", "password", "authorization_code", "implicit")
_DEFAULT_GRANT_TYPES = ("authorization_code", "implicit")
_MAX_ATTRIBUTES = 18


@dataclass(frozen=True, slots=True)
class TokenAttribute:
    """A custom attribute to store with a token: the variable wins over the text."""

    name: str
    ref: str | None
    text: str
    display: bool


@dataclass(frozen=True, slots=True)
class TokenReference:
    """One Tokens/Token. `kind` is `accesstoken` or `refreshtoken`, or what stands there."""

    variable: Variable
    kind: str
    cascade: bool


def operation_of(root: Element) -> str:
    return locate(root, "Operation")[1] or DEFAULT_OPERATION


def read_operation(reading: Reading) -> str:
    """The operation; GenerateAccessToken where an old sample names none."""
    where, text = locate(reading.root, "Operation")
    if not text:
        reading.warning(
            where or reading.root,
            f"OperationRequired: <Operation> is missing, {DEFAULT_OPERATION} is assumed",
        )
        return DEFAULT_OPERATION
    if text in NOT_YET:
        reading.error(where or reading.root, f"<Operation> '{text}' is not supported yet")
    elif text not in SUPPORTED:
        near = get_close_matches(text, SUPPORTED + NOT_YET, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        reading.error(
            where or reading.root,
            f"InvalidOperation: <Operation> '{text}' is not an OAuthV2 operation{hint}",
        )
    return text


def _applies(reading: Reading, where: Element, element: str) -> bool:
    operation = operation_of(reading.root)
    if operation in _APPLICABLE[element] or operation not in SUPPORTED + NOT_YET:
        return True
    reading.error(
        where,
        f"{element}NotApplicableForOperation: <{where.name}> has no meaning for {operation}",
    )
    return False


def lifetime(path: str) -> Callable[[Reading], RefOr[int]]:
    """The reader of ExpiresIn or RefreshTokenExpiresIn."""

    def read(reading: Reading) -> RefOr[int]:
        where, text = locate(reading.root, path)
        if where is None or not _applies(reading, where, path):
            return RefOr(None, None, parse_lifetime)
        value = None
        if text:
            try:
                value = parse_lifetime(text)
            except ValueError as error:
                reading.error(where, f"InvalidValueFor{path}: <{path}> '{text}' {error}")
        return RefOr(value, where.attributes.get("ref", "").strip() or None, parse_lifetime)

    return read


def read_grant_types(reading: Reading) -> tuple[str, ...]:
    """SupportedGrantTypes; empty or absent means authorization_code and implicit."""
    where = reading.root.find("SupportedGrantTypes")
    listed = _children(where, "GrantType")
    if where is not None and listed and not _applies(reading, where, "GrantTypes"):
        return ()
    for element in listed:
        if element.text.strip() not in _GRANT_TYPES:
            reading.error(
                element,
                f"InvalidGrantType: <GrantType> '{element.text.strip()}' is none of "
                + ", ".join(_GRANT_TYPES),
            )
    grant_types = tuple(element.text.strip() for element in listed) or _DEFAULT_GRANT_TYPES
    if operation_of(reading.root) == "GenerateAccessToken":
        for grant_type in grant_types:
            # implicit has an operation of its own: listing it here changes nothing.
            if grant_type in ("password", "authorization_code"):
                reading.error(
                    where or reading.root, f"grant type '{grant_type}' is not supported yet"
                )
    return grant_types


def read_attributes(reading: Reading) -> tuple[TokenAttribute, ...]:
    where = reading.root.find("Attributes")
    elements = _children(where, "Attribute")
    if where is not None and len(elements) > _MAX_ATTRIBUTES:
        reading.error(where, f"<Attributes> holds more than {_MAX_ATTRIBUTES} attributes")
    attributes = []
    for element in elements:
        name = element.attributes.get("name", "").strip()
        if not name:
            reading.error(element, "<Attribute> has no name")
            continue
        ref = element.attributes.get("ref", "").strip() or None
        display = element.attributes.get("display", "true").strip().lower() == "true"
        attributes.append(TokenAttribute(name, ref, element.text.strip(), display))
    return tuple(attributes)


def read_tokens(reading: Reading) -> tuple[TokenReference, ...]:
    """Tokens/Token, for InvalidateToken and ValidateToken only: others carry it empty."""
    if operation_of(reading.root) not in ("InvalidateToken", "ValidateToken"):
        return ()
    where = reading.root.find("Tokens")
    elements = _children(where, "Token")
    if not elements:
        reading.error(where or reading.root, "TokenValueRequired: <Tokens> holds no <Token>")
    tokens = []
    for element in elements:
        name = element.text.strip()
        if not name:
            reading.error(element, "TokenValueRequired: <Token> names no variable")
            continue
        kind = element.attributes.get("type", "").strip()
        cascade = element.attributes.get("cascade", "").strip().lower() == "true"
        tokens.append(TokenReference(Variable(name, True), kind, cascade))
    return tuple(tokens)


def read_generate_response(reading: Reading) -> bool:
    """Present means on, absent off; only JSON answers for now."""
    answer, _ = locate(reading.root, "GenerateResponse")
    if answer is None:
        return False
    _, answer_format = locate(reading.root, "GenerateResponse/Format")
    if answer_format:
        reading.error(answer, f"<Format> '{answer_format}' is not supported yet")
    return answer.attributes.get("enabled", "true").strip().lower() == "true"


def unsupported_when_true(path: str) -> Callable[[Reading], bool]:
    """A switch of which only the no-op value `false` is built."""

    def read(reading: Reading) -> bool:
        where, text = locate(reading.root, path)
        if where is not None and text.lower() == "true":
            reading.error(where, f"<{path}> true is not supported yet")
        return False

    return read


def _children(where: Element | None, name: str) -> list[Element]:
    return [] if where is None else [child for child in where.children if child.name == name]
