"""OAuthV2 RefreshAccessToken: a new access token for a refresh token.

Source: reference/policies/OAuthV2.md behaviour 10.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.policies.oauth_credentials import check_standing, has_expired, is_storable
from gateway.policies.oauthv2_answer import responder
from gateway.policies.oauthv2_errors import Errors, errors_of
from gateway.policies.oauthv2_generate import MISSING_GRANT_TYPE
from gateway.policies.oauthv2_inputs import authenticator, refusing_bad_forms, text_reader
from gateway.policies.oauthv2_issue import (
    REFRESH_TOKEN_LENGTH,
    attributes_reader,
    random_token,
    token_value,
)
from gateway.policies.oauthv2_lifetime import ACCESS_TOKEN_LIFE, REFRESH_TOKEN_LIFE, expiry
from gateway.ports.identity import APPROVED, Attributes, Credential
from gateway.ports.tokens import NewToken, Token, TokenStore

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.flow.policy import Step
    from gateway.policies.oauthv2 import OAuthV2

MISSING_REFRESH_TOKEN = "Required param : refresh_token"  # noqa: S105


def compile_refresh(policy: OAuthV2, deployment: Deployment) -> Step:
    """Checks in the order of GenerateAccessToken: grant type, client, refresh token,
    standing of the client."""
    errors = errors_of(policy)
    services = deployment.services
    read_grant_type = text_reader(deployment, policy.grant_type)
    read_refresh_token = text_reader(deployment, policy.refresh_token)
    authenticate = authenticator(policy, deployment, errors)
    value = token_value(deployment, policy)
    read_life = policy.expires_in.compile(deployment)
    read_refresh_life = policy.refresh_token_expires_in.compile(deployment)
    refresh_life = REFRESH_TOKEN_LIFE[deployment.flavor]
    read_attributes = attributes_reader(policy, deployment)
    respond = responder(policy, deployment)

    async def refresh(context: Context) -> None:
        grant_type = read_grant_type(context)
        if not grant_type:
            raise errors.invalid_request(text=MISSING_GRANT_TYPE)
        if grant_type != "refresh_token":
            raise errors.unsupported_grant_type(grant_type=grant_type)
        credential = await authenticate(context)
        presented = read_refresh_token(context)
        if not presented:
            raise errors.missing(policy.refresh_token, "refresh token", MISSING_REFRESH_TOKEN)
        now = services.clock.now_ms()
        old = await _find_grant(services.tokens, presented, credential, now, errors)
        check_standing(credential, now, errors.standing)
        life, new_refresh_life = read_life(context), read_refresh_life(context)
        shown, hidden = read_attributes(context)
        token = NewToken(
            access_token=value(context),
            issued_at=now,
            expires_at=expiry(now, ACCESS_TOKEN_LIFE if life is None else life),
            consumer_key=credential.consumer_key,
            app_id=credential.app.app_id,
            scope=old.scope,
            products=old.products,
            grant_type=old.grant_type,
            attributes=_merged(old.attributes, shown),
            hidden_attributes=_merged(old.hidden_attributes, hidden),
            end_user=old.end_user,
            refresh_token=presented,
            refresh_issued_at=old.refresh_issued_at,
            refresh_expires_at=old.refresh_expires_at,
            refresh_count=old.refresh_count + 1,
        )
        if not policy.reuse_refresh_token:
            token = replace(
                token,
                refresh_token=random_token(REFRESH_TOKEN_LENGTH),
                refresh_issued_at=now,
                refresh_expires_at=expiry(now, new_refresh_life or refresh_life),
            )
        if not await services.tokens.refresh(presented, token):
            raise errors.invalid_refresh_token()
        respond(context, token, credential)

    return refusing_bad_forms(refresh, errors)


async def _find_grant(
    tokens: TokenStore, refresh_token: str, credential: Credential, now: int, errors: Errors
) -> Token:
    """The grant behind a refresh token of this client, or the fault that says no."""
    found = (
        await tokens.load_by_refresh_token(refresh_token) if is_storable(refresh_token) else None
    )
    if (
        found is None
        or found.consumer_key != credential.consumer_key
        or found.refresh_status != APPROVED
    ):
        raise errors.invalid_refresh_token()
    if has_expired(found.refresh_expires_at, now):
        raise errors.refresh_token_expired()
    return found


def _merged(old: Attributes, new: Attributes) -> Attributes:
    return tuple((dict(old) | dict(new)).items())
