"""VerifyAPIKey: admit a call by a consumer key one of whose products covers it.

Source: reference/policies/VerifyAPIKey.md.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from gateway.flow.declarations import Reading, RefOr, custom, element, locate, whole_number
from gateway.flow.faults import Fault, FaultRaised
from gateway.flow.policy import Policy, Step, policy
from gateway.policies import oauth_faults
from gateway.policies.oauth_credentials import StandingFaults, check_standing, is_storable
from gateway.policies.oauth_failures import PREFIX, record_failure
from gateway.policies.oauth_products import product_finder
from gateway.policies.verifyapikey_variables import VerifiedKey
from gateway.ports.identity import Credential

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.deployment import Deployment


def read_api_key(reading: Reading) -> RefOr[str]:
    """The variable that holds the key; a text is the fallback, or a fixed key."""
    where, text = locate(reading.root, "APIKey")
    ref = where.attributes.get("ref", "").strip() if where is not None else ""
    if not ref and not text:
        reading.error(
            where or reading.root, "SpecifyValueOrRefApiKey: <APIKey> has neither ref nor text"
        )
    return RefOr(text or None, ref or None, str)


@policy("VerifyAPIKey")
class VerifyAPIKey(Policy):
    api_key: RefOr[str] = custom("APIKey", read_api_key, doc="APIKey@ref: where the key is.")
    cache_expiry: RefOr[int] = element(
        "CacheExpiryInSeconds", parse=whole_number(1, 180), ref="ref", default=180,
        doc="Accepted; a change is seen at once in any case.",
    )  # fmt: skip
    without_effect: None = custom("OAuthConfig", lambda reading: None)

    prefix = PREFIX

    no_key = Fault(
        "steps.oauth.v2.FailedToResolveAPIKey", 401,
        "Failed to resolve API Key variable {variable}", cause="the variable is empty or not set",
    )  # fmt: skip
    invalid_key = Fault(
        "oauth.v2.InvalidApiKey", 401, "Invalid ApiKey", cause="no app has this key"
    )
    key_not_approved = Fault(
        "oauth.v2.ApiKeyNotApproved", 401, "ApiKey not approved", cause="the key is revoked"
    )
    not_for_resource = Fault(
        "oauth.v2.InvalidApiKeyForGivenResource", 401, "Invalid ApiKey for given resource",
        cause="no approved product of the key covers this proxy, environment and path",
    )  # fmt: skip
    key_expired = oauth_faults.KEY_EXPIRED
    app_not_approved = oauth_faults.APP_NOT_APPROVED
    developer_not_active = oauth_faults.DEVELOPER_NOT_ACTIVE
    no_api_product = oauth_faults.NO_API_PRODUCT

    def compile(self, deployment: Deployment) -> Step:
        """Returns None when memory knows the key, an awaitable when the store must tell."""
        environment = deployment.environment
        credentials, clock = environment.services.credentials, environment.services.clock
        find_product = product_finder(deployment.bundle.name, environment.name)
        standing = StandingFaults(key_not_approved=self.key_not_approved)
        wants_product = deployment.flavor == "x"
        variables = f"verifyapikey.{self.name}."
        read, fallback = self.api_key.compile(deployment), self.api_key.value

        def verify(context: Context) -> Awaitable[None] | None:
            key = read(context) or fallback
            if not key:
                raise self.no_key(variable=self.api_key.ref)
            if not is_storable(key):
                raise self.invalid_key()
            credential = credentials.peek(key)
            if credential is None:
                return load(context, key)
            if not isinstance(credential, Credential):
                raise self.invalid_key()
            admit(context, credential)
            return None

        async def load(context: Context, key: str) -> None:
            credential = await credentials.load(key)
            if credential is None:
                raise self.invalid_key()
            admit(context, credential)

        def admit(context: Context, credential: Credential) -> None:
            check_standing(credential, clock.now_ms(), standing)
            product = find_product(credential.products, None, context.path_suffix)
            if product is None:
                if wants_product and not credential.products:
                    raise self.no_api_product()
                raise self.not_for_resource()
            context.publish(VerifiedKey(variables, credential, product, environment.organization))

        return verify

    def record_failure(self, context: Context, raised: FaultRaised) -> None:
        """With a prefix of its own besides the common one."""
        record_failure(context, self.name, raised)
        context.variables[f"verifyapikey.{self.name}.failed"] = True
