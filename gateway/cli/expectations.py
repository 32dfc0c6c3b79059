"""What a call of the story should answer, to the letter.

A `Check` gives None when the answer is as it should be, and otherwise what was expected.
Source: reference/default-oauth-proxy.md, reference/policies/OAuthV2.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gateway.cli.exchange import Reply

Check = Callable[[Reply], str | None]

TOKEN_FIELDS = (
    "refresh_token_expires_in", "api_product_list", "api_product_list_json", "organization_name",
    "developer.email", "organization_id", "token_type", "issued_at", "client_id", "access_token",
    "application_name", "scope", "expires_in", "refresh_count", "status",
)  # fmt: skip
APP_FIELDS = (
    "accessType", "apiProducts", "appFamily", "appId", "attributes", "callbackUrl", "createdAt",
    "createdBy", "credentials", "developerId", "lastModifiedAt", "lastModifiedBy", "name",
    "scopes", "status",
)  # fmt: skip
CREDENTIAL_FIELDS = (
    "apiProducts", "attributes", "consumerKey", "consumerSecret", "expiresAt", "issuedAt",
    "scopes", "status",
)  # fmt: skip


def answers(status: int, body: str | None = None, *, holds: str = "") -> Check:
    """This status, and this whole body or a body that holds a text."""

    def check(reply: Reply) -> str | None:
        if reply.status != status:
            return f"status {status}"
        if body is not None and reply.body != body:
            return f"the body {body!r}"
        return f"a body that holds {holds!r}" if holds not in reply.body else None

    return check


def fault(status: int, code: str, text: str) -> Check:
    """Apigee's fault JSON. `text` is escaped already, as it stands in the body."""
    return answers(
        status, f'{{"fault":{{"faultstring":"{text}","detail":{{"errorcode":"{code}"}}}}}}'
    )


def refused(code: str, text: str) -> Check:
    """A 401 of VerifyAccessToken, with its challenge."""
    challenge = f'Bearer realm="null",error="invalid_token",error_description="{code}: {text}"'
    is_fault = fault(401, code, text)

    def check(reply: Reply) -> str | None:
        if reply.header("WWW-Authenticate") != challenge:
            return f"WWW-Authenticate: {challenge}"
        return is_fault(reply)

    return check


def token_error(status: int, code: str, text: str) -> Check:
    """An error of the token endpoint: GenerateResponse is on, there is no envelope."""
    return answers(status, f'{{"ErrorCode" : "{code}", "Error" :"{text}"}}')


def is_token(**expected: object) -> Check:
    """The token endpoint's answer: all fields in their order, `expected` ones exact
    (`developer_email` stands for `developer.email`)."""
    wanted = {name.replace("developer_", "developer."): value for name, value in expected.items()}
    return _is_object(TOKEN_FIELDS, wanted)


def is_app(**expected: object) -> Check:
    """The management API's app with its one credential."""
    is_object = _is_object(APP_FIELDS, expected)

    def check(reply: Reply) -> str | None:
        if (complaint := is_object(reply)) is not None:
            return complaint
        credentials = json.loads(reply.body)["credentials"]
        if [tuple(credential) for credential in credentials] != [CREDENTIAL_FIELDS]:
            return f"one credential with the fields {', '.join(CREDENTIAL_FIELDS)}"
        return None

    return check


def _is_object(fields: tuple[str, ...], expected: dict[str, Any]) -> Check:
    def check(reply: Reply) -> str | None:
        if reply.status != 200:
            return "status 200"
        try:
            found = json.loads(reply.body)
        except ValueError:
            return "a body of JSON"
        if not isinstance(found, dict) or tuple(found) != fields:
            return f"the fields {', '.join(fields)}"
        for name, value in expected.items():
            if found[name] != value:
                return f"{name} {value!r}"
        return None

    return check
