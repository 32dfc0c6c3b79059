"""OAuthV2: issues, refreshes, verifies and revokes OAuth 2.0 access tokens.

Most elements hold the NAME of a flow variable, not a value and not a template.
Source: reference/policies/OAuthV2.md. One module per operation: `oauthv2_generate`,
`oauthv2_refresh`, `oauthv2_verify`, `oauthv2_status`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.flow.declarations import RefOr, Variable, custom, element, flag, variable, whole_number
from gateway.flow.faults import Fault, FaultRaised
from gateway.flow.policy import Policy, Step, policy
from gateway.flow.steps import nothing
from gateway.policies import oauth_faults, oauthv2_status, oauthv2_verify
from gateway.policies.oauth_failures import PREFIX, record_failure
from gateway.policies.oauthv2_errors import AS_ENVELOPE, AS_ERROR_CODE, AS_RFC, UNRESOLVED
from gateway.policies.oauthv2_generate import DEFAULT_SCOPE, compile_generate
from gateway.policies.oauthv2_reading import (
    TokenAttribute,
    TokenReference,
    lifetime,
    read_attributes,
    read_generate_response,
    read_grant_types,
    read_operation,
    read_tokens,
    unsupported_when_true,
)
from gateway.policies.oauthv2_refresh import compile_refresh

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment


@policy("OAuthV2")
class OAuthV2(Policy):
    operation: str = custom("Operation", read_operation, doc="Literal; what the policy does.")
    access_token: Variable | None = variable(
        "AccessToken", doc="VerifyAccessToken: the variable that holds the bare token."
    )
    access_token_prefix: str = element(
        "AccessTokenPrefix", default="Bearer", doc="Literal; of the Authorization header only."
    )
    app_end_user: Variable | None = variable("AppEndUser", doc="Id of the end user.")
    attributes: tuple[TokenAttribute, ...] = custom(
        "Attributes", read_attributes, doc="Attribute@name, @ref, @display: at most 18."
    )
    cache_expiry: RefOr[int] = element(
        "CacheExpiryInSeconds", parse=whole_number(1, 180), ref="ref", default=180,
        doc="Accepted; a change is seen at once in any case.",
    )  # fmt: skip
    client_id: Variable | None = variable(
        "ClientId", doc="Instead of the id of Basic or form; the secret stays there."
    )
    code: Variable | None = variable("Code", default="request.formparam.code")
    expires_in: RefOr[int] = custom(
        "ExpiresIn", lifetime("ExpiresIn"), doc="Milliseconds, -1 for never; @ref wins."
    )
    external_access_token: Variable | None = variable(
        "ExternalAccessToken", doc="Stored instead of a generated token."
    )
    external_refresh_token: Variable | None = variable("ExternalRefreshToken")
    external_authorization_code: Variable | None = variable("ExternalAuthorizationCode")
    external_authorization: bool = custom(
        "ExternalAuthorization", unsupported_when_true("ExternalAuthorization")
    )
    generate_error_response: None = custom("GenerateErrorResponse", lambda reading: None)
    generate_response: bool = custom(
        "GenerateResponse", read_generate_response, doc="Present means on, absent off."
    )
    grant_type: Variable = variable("GrantType", default="request.formparam.grant_type")
    password: Variable | None = variable("PassWord", default="request.formparam.password")
    user_name: Variable | None = variable("UserName", default="request.formparam.username")
    redirect_uri: Variable | None = variable("RedirectUri")
    refresh_token: Variable = variable("RefreshToken", default="request.formparam.refresh_token")
    refresh_token_expires_in: RefOr[int] = custom(
        "RefreshTokenExpiresIn", lifetime("RefreshTokenExpiresIn"), doc="As ExpiresIn."
    )
    response_type: Variable | None = variable("ResponseType")
    reuse_refresh_token: bool = flag("ReuseRefreshToken", default=False)
    rfc_compliant: bool = flag("RFCCompliantRequestResponse", default=False)
    scope: str = element(
        "Scope", default="", doc="VerifyAccessToken: literal list; otherwise a variable."
    )
    state: Variable | None = variable("State")
    store_token: bool = flag("StoreToken", default=True)
    grant_types: tuple[str, ...] = custom("SupportedGrantTypes", read_grant_types)
    tokens: tuple[TokenReference, ...] = custom(
        "Tokens", read_tokens, doc="Token@type, @cascade and the variable to (in)validate."
    )
    of_jwt: None = custom(
        "Algorithm", lambda reading: None, covers=("PrivateKey", "PublicKey", "SecretKey"),
        doc="Of the JWT operations.",
    )  # fmt: skip
    without_effect: None = custom("Scopes", lambda reading: None, covers=("OAuthConfig",))

    prefix = PREFIX

    def compile(self, deployment: Deployment) -> Step:
        build = OPERATIONS.get(self.operation)
        return nothing if build is None else build(self, deployment)

    def record_failure(self, context: Context, raised: FaultRaised) -> None:
        record_failure(context, self.name, raised)

    @property
    def scope_variable(self) -> Variable:
        """Scope as the operations that issue tokens read it."""
        return Variable(self.scope or DEFAULT_SCOPE, bool(self.scope))

    @classmethod
    def faults(cls) -> tuple[Fault, ...]:
        return FAULTS


OPERATIONS: dict[str, Callable[[OAuthV2, Deployment], Step]] = {
    "GenerateAccessToken": compile_generate,
    "RefreshAccessToken": compile_refresh,
    "VerifyAccessToken": oauthv2_verify.compile_verify,
    "InvalidateToken": oauthv2_status.compile_invalidate,
    "ValidateToken": oauthv2_status.compile_validate,
}

FAULTS: tuple[Fault, ...] = tuple(
    dict.fromkeys(
        found
        for source in (
            [value for value in vars(oauthv2_verify).values() if isinstance(value, Fault)],
            [value for value in vars(oauth_faults).values() if isinstance(value, Fault)],
            AS_ENVELOPE.faults(),
            AS_ERROR_CODE.faults(),
            AS_RFC.faults(),
            UNRESOLVED.values(),
            [oauthv2_status.INVALID_TOKEN_TYPE],
        )
        for found in source
    )
)
