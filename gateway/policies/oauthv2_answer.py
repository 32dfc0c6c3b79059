"""The answer of an operation that issued a token: variables, and a response body.

Source: reference/policies/OAuthV2.md "Default response bodies",
reference/default-oauth-proxy.md section 4.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from multidict import CIMultiDict

from gateway.flow.message import Message
from gateway.policies.oauthv2_lifetime import seconds_left
from gateway.ports.identity import APPROVED, Credential
from gateway.ports.tokens import NewToken

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.policies.oauthv2 import OAuthV2

Field = str | int | list[str]
Respond = Callable[["Context", NewToken, Credential], None]

_NUMBERS = ("expires_in", "refresh_token_expires_in")
"""Numbers in the answers of RFCCompliantRequestResponse, otherwise strings."""
ORGANIZATION_ID = "0"


class IssuedToken:
    """A `View` of a token that was just issued."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> object:
        return self._values.get(name)

    def names(self) -> Iterable[str]:
        return self._values


def responder(policy: OAuthV2, deployment: Deployment) -> Respond:
    """Publish a new token, and answer with it where the policy generates a response."""
    organization = deployment.environment.organization
    shows_organization_id = deployment.flavor == "edge"
    token_type = "Bearer" if policy.rfc_compliant else "BearerToken"
    prefix = f"oauthv2accesstoken.{policy.name}."

    def respond(context: Context, token: NewToken, credential: Credential) -> None:
        fields = answer_fields(token, credential, organization, token_type)
        if not shows_organization_id:
            del fields["organization_id"]
        context.publish(IssuedToken(_variables(prefix, fields, token)))
        if policy.generate_response:
            context.response = _response(fields, policy.rfc_compliant)

    return respond


def answer_fields(
    token: NewToken, credential: Credential, organization: str, token_type: str
) -> dict[str, Field]:
    """The fields of the answer in Apigee's order."""
    refresh = token.refresh_token
    fields: dict[str, Field] = {
        "refresh_token_expires_in": _seconds(token.refresh_expires_at, token.refresh_issued_at)
        if refresh
        else "0"
    }
    if refresh:
        fields["refresh_token_status"] = APPROVED
    fields |= {
        "api_product_list": f"[{', '.join(token.products)}]",
        "api_product_list_json": list(token.products),
        "organization_name": organization,
        "developer.email": credential.developer.email,
        "organization_id": ORGANIZATION_ID,
        "token_type": token_type,
        "issued_at": str(token.issued_at),
        "client_id": credential.consumer_key,
        "access_token": token.access_token,
    }
    if refresh:
        fields["refresh_token"] = refresh
    fields |= {"application_name": credential.app.app_id, "scope": token.scope}
    if refresh:
        fields["refresh_token_issued_at"] = str(token.refresh_issued_at)
    fields |= {
        "expires_in": _seconds(token.expires_at, token.issued_at),
        "refresh_count": str(token.refresh_count),
        "status": APPROVED,
    }
    if token.end_user:
        fields["app_enduser"] = token.end_user
    for name, value in token.attributes:
        fields.setdefault(name, value)
    return fields


def _seconds(expires_at: int, now: int) -> str:
    return str(seconds_left(expires_at, now))


def _variables(prefix: str, fields: dict[str, Field], token: NewToken) -> dict[str, str]:
    values = {prefix + name: value for name, value in token.hidden_attributes}
    values |= {prefix + name: value for name, value in fields.items() if isinstance(value, str)}
    values["apigee.access_token"] = token.access_token
    if token.refresh_token:
        values["apigee.refresh_token"] = token.refresh_token
    return values


def _response(fields: dict[str, Field], rfc_compliant: bool) -> Message:
    headers: CIMultiDict[str] = CIMultiDict()
    headers["Content-Type"] = "application/json"
    if rfc_compliant:
        headers["Cache-Control"] = "no-store"
        headers["Pragma"] = "no-cache"
        fields = fields | {name: int(str(fields[name])) for name in _NUMBERS}
    return Message.response(200, headers, pretty_json(fields).encode("utf-8", "replace"))


def pretty_json(fields: dict[str, Field]) -> str:
    """JSON with one field a line and Apigee's ` : ` between name and value."""
    lines = (f"  {_quoted(name)} : {_shown(value)}" for name, value in fields.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def _shown(value: Field) -> str:
    if isinstance(value, list):
        return f"[ {', '.join(map(_quoted, value))} ]" if value else "[ ]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
