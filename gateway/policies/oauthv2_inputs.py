"""What the OAuthV2 operations read from a request: parameters and client credentials.

Source: reference/policies/OAuthV2.md, "Elements" and behaviour 1.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from multidict import istr

from gateway.flow.message import BadFormData
from gateway.flow.values import to_text
from gateway.policies.oauth_credentials import find_credential, has_secret
from gateway.ports.identity import Credential

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.declarations import Variable
    from gateway.flow.deployment import Deployment
    from gateway.flow.policy import Step
    from gateway.policies.oauthv2 import OAuthV2
    from gateway.policies.oauthv2_errors import Errors

ReadText = Callable[["Context"], str]

AUTHORIZATION = istr("Authorization")
BAD_FORM = (
    "UrlDecoding of the form parameters from the request message failed. "
    "The form parameters needs to be url encoded"
)
MISSING_CLIENT_ID = "The request is missing a required parameter : client_id"
_MAX_BASIC = 8192


class Client(NamedTuple):
    """What a client says it is; both empty where it says nothing."""

    consumer_key: str
    secret: str


def text_reader(deployment: Deployment, variable: Variable) -> ReadText:
    """The text of a variable, empty while it is not set."""
    read = deployment.getter(variable.name)
    return lambda context: to_text(read(context))


def optional_reader(deployment: Deployment, variable: Variable | None) -> ReadText:
    """The same for an element that may be absent."""
    return (lambda context: "") if variable is None else text_reader(deployment, variable)


def refusing_bad_forms(run: Callable[[Context], Awaitable[None]], errors: Errors) -> Step:
    """`run`, answering a form body that is not URL-encoded as Apigee does."""

    async def step(context: Context) -> None:
        try:
            await run(context)
        except BadFormData:
            # Not chained: the cause quotes the form, which may hold a secret.
            raise errors.invalid_request(text=BAD_FORM) from None

    return step


def client_reader(policy: OAuthV2, deployment: Deployment) -> Callable[[Context], Client]:
    """The credentials of the request: Basic, else the form. ClientId replaces the id only.

    The form is read without a variable, so that no trace records the secret.
    """
    deployment.variables.touches_body("request")
    named = None if policy.client_id is None else text_reader(deployment, policy.client_id)

    def read(context: Context) -> Client:
        client = basic_client(context.request.headers.get(AUTHORIZATION))
        if client is None:
            form = context.request.form_params
            client = Client(form.get("client_id") or "", form.get("client_secret") or "")
        return client if named is None else Client(named(context), client.secret)

    return read


def basic_client(header: str | None) -> Client | None:
    """The credentials of a Basic header; None for any other or a malformed one."""
    scheme, _, encoded = (header or "").strip().partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _MAX_BASIC:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    consumer_key, colon, secret = decoded.partition(":")
    return Client(consumer_key, secret) if colon else None


def authenticator(
    policy: OAuthV2, deployment: Deployment, errors: Errors
) -> Callable[[Context], Awaitable[Credential]]:
    """The check of a client: id present, known, secret equal."""
    read = client_reader(policy, deployment)
    credentials = deployment.services.credentials

    async def authenticate(context: Context) -> Credential:
        client = read(context)
        if not client.consumer_key:
            raise errors.missing(policy.client_id, "client id", MISSING_CLIENT_ID)
        credential = await find_credential(credentials, client.consumer_key)
        same = has_secret(credential, client.secret)
        if credential is None:
            raise errors.unknown_client()
        if not same:
            raise errors.wrong_secret()
        return credential

    return authenticate
