"""OAuthV2 VerifyAccessToken: admit a call by its access token.

The order of checks is that of the sheet: token present, known, approved, not expired,
then app, key and developer, the API product, the scope.
Source: reference/policies/OAuthV2.md behaviours 6 and 7.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multidict import istr

from gateway.flow.faults import Fault, FaultRaised
from gateway.policies import oauth_faults
from gateway.policies.oauth_credentials import has_expired, is_storable
from gateway.policies.oauth_products import lists_only_resources, product_finder
from gateway.policies.oauthv2_inputs import text_reader
from gateway.policies.oauthv2_verified import VerifiedToken
from gateway.ports.identity import ACTIVE, APPROVED, Credential
from gateway.ports.tokens import Token

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment
    from gateway.flow.policy import Step
    from gateway.policies.oauthv2 import OAuthV2

AUTHORIZATION = istr("Authorization")

NO_ACCESS_TOKEN = Fault(
    "oauth.v2.InvalidAccessToken", 401, "Invalid access token",
    cause="no Authorization header, one without the prefix, or an empty AccessToken variable",
)  # fmt: skip
NO_PRODUCT_MATCH = Fault(
    "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound", 401,
    "Invalid API call as no apiproduct match found",
    cause="no API product of the token covers this proxy, environment and resource",
)  # fmt: skip
NO_API_RESOURCE = Fault(
    "keymanagement.service.apiresource_doesnot_exist", 401, "APIResource {path} does not exist",
    cause="the token's API products list resources only, none of which covers the path",
)  # fmt: skip
INSUFFICIENT_SCOPE = Fault(
    "steps.oauth.v2.InsufficientScope", 403, "Required scope(s): [{scopes}]",
    # Edge names the policy and a variable of its own instead of the scopes.
    edge_text="Required scope(s): {policy}.scopeSet",
    cause="the token has none of the scopes of the Scope element",
)  # fmt: skip


def challenge(code: str, text: str) -> tuple[str, str]:
    """The WWW-Authenticate header of a refused token, with Edge's literal realm."""
    description = f"{code}: {text}".replace("\\", "\\\\").replace('"', '\\"')
    return (
        "WWW-Authenticate",
        f'Bearer realm="null",error="invalid_token",error_description="{description}"',
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fault with a fixed text and its challenge, ready to raise."""

    fault: Fault
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, fault: Fault) -> Refusal:
        return cls(fault, (challenge(fault.code, fault.text),))

    def __call__(self) -> FaultRaised:
        raised = FaultRaised(self.fault)
        raised.headers = self.headers
        return raised


_NO_TOKEN = Refusal.of(NO_ACCESS_TOKEN)
_UNKNOWN = Refusal.of(oauth_faults.INVALID_ACCESS_TOKEN)
_NOT_APPROVED = Refusal.of(oauth_faults.ACCESS_TOKEN_NOT_APPROVED)
_EXPIRED = Refusal.of(oauth_faults.ACCESS_TOKEN_EXPIRED)
_APP_NOT_APPROVED = Refusal.of(oauth_faults.APP_NOT_APPROVED)
_KEY_NOT_APPROVED = Refusal.of(oauth_faults.KEY_NOT_APPROVED)
_KEY_EXPIRED = Refusal.of(oauth_faults.KEY_EXPIRED)
_DEVELOPER_NOT_ACTIVE = Refusal.of(oauth_faults.DEVELOPER_NOT_ACTIVE)
_NO_MATCH = Refusal.of(NO_PRODUCT_MATCH)


def compile_verify(policy: OAuthV2, deployment: Deployment) -> Step:
    """Returns None when memory knows the token, an awaitable when the store must tell."""
    find_token = _token_reader(policy, deployment)
    admit = _admission(policy, deployment)
    tokens = deployment.services.tokens
    peek = tokens.peek

    def verify(context: Context) -> Awaitable[None] | None:
        value = find_token(context)
        if not value:
            raise _NO_TOKEN()
        if not is_storable(value):
            raise _UNKNOWN()
        token = peek(value)
        if token is None:
            return load(context, value)
        if not isinstance(token, Token):
            raise _UNKNOWN()
        admit(context, value, token)
        return None

    async def load(context: Context, value: str) -> None:
        token = await tokens.load(value)
        if token is None:
            raise _UNKNOWN()
        admit(context, value, token)

    return verify


def _token_reader(policy: OAuthV2, deployment: Deployment) -> Callable[[Context], str]:
    """Where the token is: the Authorization header behind its prefix, or the whole value
    of the variable that AccessToken names."""
    named = policy.access_token
    if named is not None and named.name.lower() != "request.header.authorization":
        return text_reader(deployment, named)
    prefix = policy.access_token_prefix
    folded = prefix.lower()

    def read_header(context: Context) -> str:
        header = context.request.headers.get(AUTHORIZATION)
        if header is None:
            return ""
        scheme, _, value = header.partition(" ")
        if scheme != prefix and scheme.lower() != folded:
            return ""
        return value.strip()

    return read_header


def _admission(policy: OAuthV2, deployment: Deployment) -> Callable[[Context, str, Token], None]:
    organization = deployment.environment.organization
    now_ms = deployment.services.clock.now_ms
    find_product = product_finder(deployment.bundle.name, deployment.environment.name)
    required = frozenset(policy.scope.split())
    insufficient = {"policy": policy.name, "scopes": ", ".join(policy.scope.split())}

    def admit(context: Context, value: str, token: Token) -> None:
        if token.status != APPROVED:
            raise _NOT_APPROVED()
        now = now_ms()
        if -1 < token.expires_at <= now:
            raise _EXPIRED()
        credential = token.credential
        if credential is None:
            raise _UNKNOWN()
        if (
            credential.app.status != APPROVED
            or credential.status != APPROVED
            or -1 < credential.expires_at <= now
            or credential.developer.status != ACTIVE
        ):
            raise _bad_standing(credential, now)
        product = find_product(credential.products, token.products, context.path_suffix)
        if product is None:
            raise _no_match(credential, token, context.path_suffix)
        if required and required.isdisjoint(token.scope.split()):
            raise INSUFFICIENT_SCOPE(**insufficient)
        context.publish(VerifiedToken(value, token, credential, product, organization, now))

    return admit


def _bad_standing(credential: Credential, now: int) -> FaultRaised:
    if credential.app.status != APPROVED:
        return _APP_NOT_APPROVED()
    if credential.status != APPROVED:
        return _KEY_NOT_APPROVED()
    if has_expired(credential.expires_at, now):
        return _KEY_EXPIRED()
    return _DEVELOPER_NOT_ACTIVE()


def _no_match(credential: Credential, token: Token, suffix: str) -> FaultRaised:
    if not lists_only_resources(credential.products, token.products):
        return _NO_MATCH()
    raised = NO_API_RESOURCE(path=suffix)
    header = challenge(NO_API_RESOURCE.code, raised.text_for("x"))
    return raised.with_headers(header)
