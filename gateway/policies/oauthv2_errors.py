"""How OAuthV2 says no in the operations that issue tokens: three forms of one table.

With GenerateResponse on, Apigee answers `{"ErrorCode" : .., "Error" :..}`; with it off,
the usual fault envelope; RFCCompliantRequestResponse changes what a bad refresh token
answers. Source: reference/policies/OAuthV2.md behaviours 8 and 9,
reference/default-oauth-proxy.md section 5, reference/faults.tsv.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.flow.faults import Fault, FaultRaised
from gateway.policies import oauth_faults
from gateway.policies.oauth_credentials import StandingFaults

if TYPE_CHECKING:
    from gateway.flow.declarations import Variable
    from gateway.policies.oauthv2 import OAuthV2


def _request_error(text: str) -> Fault:
    return Fault("invalid_request", 400, text, body="errorcode")


def _client_error(text: str) -> Fault:
    return Fault("invalid_client", 401, text, body="errorcode")


def _unresolved(what: str, name: str) -> Fault:
    return Fault(
        f"steps.oauth.v2.FailedToResolve{name}", 500,
        f"Failed to resolve {what} variable {{variable}}",
        cause=f"the variable that names the {what} is not set",
    )  # fmt: skip


UNRESOLVED = {
    what: _unresolved(what, what.title().replace(" ", ""))
    for what in ("access token", "client id", "refresh token", "token")
}
_INVALID_CLIENT = Fault(
    "oauth.v2.InvalidClientIdentifier", 500, "Invalid client identifier",
    edge_text="Invalid client identifier {{0}}",
    cause="unknown client_id or wrong secret, GenerateResponse off",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Errors:
    """The faults of one form. `invalid_request` takes `text`, `unsupported_grant_type`
    takes `grant_type`."""

    invalid_request: Fault
    unsupported_grant_type: Fault
    unknown_client: Fault
    wrong_secret: Fault
    standing: StandingFaults
    invalid_refresh_token: Fault
    refresh_token_expired: Fault
    tells_unresolved: bool
    """Whether a variable named in the policy that is not set has a fault of its own."""
    no_api_product: Fault = oauth_faults.NO_API_PRODUCT

    def missing(self, named: Variable | None, what: str, text: str) -> FaultRaised:
        """The fault for a value that is not there; `named` the variable that the policy
        asks for it, `text` what is said otherwise."""
        if self.tells_unresolved and named is not None and named.explicit:
            return UNRESOLVED[what](variable=named.name)
        return self.invalid_request(text=text)

    def faults(self) -> list[Fault]:
        own = [getattr(self, name) for name in self.__slots__]
        standing = [getattr(self.standing, name) for name in self.standing.__slots__]
        return [value for value in (*own, *standing) if isinstance(value, Fault)]


AS_ENVELOPE = Errors(
    invalid_request=Fault(
        "steps.oauth.v2.InvalidRequest", 400, "{text}",
        cause="a parameter is missing or wrong, GenerateResponse off",
    ),
    unsupported_grant_type=Fault(
        "oauth.v2.UnSupportedGrantType", 500, "Unsupported grant type : {grant_type}",
        cause="grant type not among SupportedGrantTypes, GenerateResponse off",
    ),
    unknown_client=_INVALID_CLIENT,
    wrong_secret=_INVALID_CLIENT,
    standing=StandingFaults(),
    invalid_refresh_token=oauth_faults.INVALID_REFRESH_TOKEN,
    refresh_token_expired=oauth_faults.REFRESH_TOKEN_EXPIRED,
    tells_unresolved=True,
)  # fmt: skip

AS_ERROR_CODE = Errors(
    invalid_request=_request_error("{text}"),
    unsupported_grant_type=_request_error("Unsupported grant type : {grant_type}"),
    unknown_client=_client_error("ClientId is Invalid"),
    wrong_secret=_client_error("Client credentials are invalid"),
    standing=StandingFaults(
        key_not_approved=_client_error(oauth_faults.KEY_NOT_APPROVED.text),
        key_expired=_client_error(oauth_faults.KEY_EXPIRED.text),
        app_not_approved=_client_error(oauth_faults.APP_NOT_APPROVED.text),
        # An inactive developer keeps the envelope, as seen at the default proxy.
    ),
    invalid_refresh_token=_request_error(oauth_faults.INVALID_REFRESH_TOKEN.text),
    refresh_token_expired=_request_error(oauth_faults.REFRESH_TOKEN_EXPIRED.text),
    tells_unresolved=False,
)

AS_RFC = replace(
    AS_ERROR_CODE,
    invalid_refresh_token=Fault("invalid_grant", 400, "invalid refresh token", body="rfc"),
    refresh_token_expired=Fault("invalid_grant", 400, "refresh token expired", body="rfc"),
)


def errors_of(policy: OAuthV2) -> Errors:
    """The form that a policy's elements choose."""
    if not policy.generate_response:
        return AS_ENVELOPE
    return AS_RFC if policy.rfc_compliant else AS_ERROR_CODE
