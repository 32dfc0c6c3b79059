"""OAuthV2 InvalidateToken and ValidateToken: revoke tokens, or approve them again.

Neither writes a response. Source: reference/policies/OAuthV2.md behaviour 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.flow.faults import Fault
from gateway.policies import oauth_faults
from gateway.policies.oauth_credentials import has_expired, is_storable
from gateway.policies.oauthv2_errors import UNRESOLVED
from gateway.policies.oauthv2_inputs import ReadText, text_reader
from gateway.policies.oauthv2_reading import TokenReference
from gateway.ports.identity import APPROVED, REVOKED
from gateway.ports.services import Services

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.flow.policy import Step
    from gateway.policies.oauthv2 import OAuthV2

INVALID_TOKEN_TYPE = Fault(
    "steps.oauth.v2.InvalidTokenType", 500, "Invalid token type {type}",
    cause="the type of a Token is neither accesstoken nor refreshtoken",
)  # fmt: skip

ACCESS, REFRESH = "accesstoken", "refreshtoken"
_SIBLING = {ACCESS: REFRESH, REFRESH: ACCESS}
_UNKNOWN = {ACCESS: oauth_faults.INVALID_ACCESS_TOKEN, REFRESH: oauth_faults.INVALID_REFRESH_TOKEN}


def compile_invalidate(policy: OAuthV2, deployment: Deployment) -> Step:
    return _compile(policy, deployment, REVOKED)


def compile_validate(policy: OAuthV2, deployment: Deployment) -> Step:
    return _compile(policy, deployment, APPROVED)


def _compile(policy: OAuthV2, deployment: Deployment, status: str) -> Step:
    services = deployment.services
    tokens: list[tuple[TokenReference, ReadText]] = [
        (token, text_reader(deployment, token.variable)) for token in policy.tokens
    ]

    async def set_status(context: Context) -> None:
        for token, read in tokens:
            value = read(context)
            if not value:
                raise UNRESOLVED["token"](variable=token.variable.name)
            if token.kind not in _SIBLING:
                raise INVALID_TOKEN_TYPE(type=token.kind)
            await _set_status(services, value, token, status)

    return set_status


async def _set_status(services: Services, value: str, token: TokenReference, status: str) -> None:
    """A token that is not of the kind the policy says is found all the same: bundles
    exist that call an access token a refresh token."""
    if not is_storable(value):
        raise _UNKNOWN[token.kind]()
    if token.kind == ACCESS:
        found = await services.tokens.load(value)
        if found is not None and has_expired(found.expires_at, services.clock.now_ms()):
            raise oauth_faults.ACCESS_TOKEN_EXPIRED()
    for kind in (token.kind, _SIBLING[token.kind]):
        if await services.tokens.set_status(value, kind, status, token.cascade):
            return
    raise _UNKNOWN[token.kind]()
