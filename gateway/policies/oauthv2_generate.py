"""OAuthV2 GenerateAccessToken: a new access token for a client.

Source: reference/policies/OAuthV2.md behaviours 2 to 5.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.policies.oauth_credentials import check_standing
from gateway.policies.oauthv2_answer import responder
from gateway.policies.oauthv2_errors import UNRESOLVED, Errors, errors_of
from gateway.policies.oauthv2_inputs import (
    ReadText,
    authenticator,
    optional_reader,
    refusing_bad_forms,
    text_reader,
)
from gateway.policies.oauthv2_issue import (
    approved_products,
    attributes_reader,
    grant_scope,
    token_value,
)
from gateway.policies.oauthv2_lifetime import ACCESS_TOKEN_LIFE, expiry
from gateway.ports.identity import Credential
from gateway.ports.tokens import NewToken

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.flow.policy import Step
    from gateway.policies.oauthv2 import OAuthV2

MISSING_GRANT_TYPE = "Required param : grant_type"
INVALID_SCOPE = "Invalid Scope"
DEFAULT_SCOPE = "request.formparam.scope"

Issue = Callable[["Context", Credential], Awaitable[None]]


def compile_generate(policy: OAuthV2, deployment: Deployment) -> Step:
    """Checks in the sheet's order: grant type, client, what the grant needs, standing of
    the client, scope."""
    errors = errors_of(policy)
    refuse_unset_token = _access_token_check(policy, deployment)
    read_grant_type = text_reader(deployment, policy.grant_type)
    authenticate = authenticator(policy, deployment, errors)
    grants = {
        name: GRANTS[name](policy, deployment, errors)
        for name in policy.grant_types
        if name in GRANTS
    }

    async def generate(context: Context) -> None:
        refuse_unset_token(context)
        grant_type = read_grant_type(context)
        if not grant_type:
            raise errors.invalid_request(text=MISSING_GRANT_TYPE)
        issue = grants.get(grant_type)
        if issue is None:
            raise errors.unsupported_grant_type(grant_type=grant_type)
        await issue(context, await authenticate(context))

    return refusing_bad_forms(generate, errors)


def client_credentials(policy: OAuthV2, deployment: Deployment, errors: Errors) -> Issue:
    """The grant without an end user's consent, and without a refresh token."""
    services = deployment.services
    value = token_value(deployment, policy)
    read_life = policy.expires_in.compile(deployment)
    read_scope = scope_reader(policy, deployment)
    read_attributes = attributes_reader(policy, deployment)
    read_end_user = optional_reader(deployment, policy.app_end_user)
    respond = responder(policy, deployment)

    async def issue(context: Context, credential: Credential) -> None:
        now = services.clock.now_ms()
        check_standing(credential, now, errors.standing)
        products = approved_products(credential)
        if not products:
            raise errors.no_api_product()
        granted = grant_scope(products, read_scope(context))
        if granted is None:
            raise errors.invalid_request(text=INVALID_SCOPE)
        life = read_life(context)
        shown, hidden = read_attributes(context)
        token = NewToken(
            access_token=value(context),
            issued_at=now,
            expires_at=expiry(now, ACCESS_TOKEN_LIFE if life is None else life),
            consumer_key=credential.consumer_key,
            app_id=credential.app.app_id,
            scope=granted[0],
            products=granted[1],
            grant_type="client_credentials",
            attributes=shown,
            hidden_attributes=hidden,
            end_user=read_end_user(context) or None,
        )
        if policy.store_token:
            await services.tokens.issue(token)
        respond(context, token, credential)

    return issue


GRANTS: dict[str, Callable[[OAuthV2, Deployment, Errors], Issue]] = {
    "client_credentials": client_credentials,
}
"""What each grant type needs and issues."""


def scope_reader(policy: OAuthV2, deployment: Deployment) -> ReadText:
    """The scopes asked for: a variable, or a literal list where the text holds a space."""
    name = policy.scope or DEFAULT_SCOPE
    if len(name.split()) > 1:
        return lambda context: name
    return text_reader(deployment, policy.scope_variable)


def _access_token_check(policy: OAuthV2, deployment: Deployment) -> Callable[[Context], None]:
    """AccessToken has no use here, but a variable that is not set is an error."""
    named = policy.access_token
    if named is None:
        return lambda context: None
    read = text_reader(deployment, named)

    def check(context: Context) -> None:
        if not read(context):
            raise UNRESOLVED["access token"](variable=named.name)

    return check
