"""Faults that the policies on tokens and API keys share.

Source: reference/faults.tsv, reference/policies/OAuthV2.md and VerifyAPIKey.md. Where a
remark in the table says that no text was found, the text here is ours and stays.
"""

from __future__ import annotations

from gateway.flow.faults import Fault

KEY_NOT_APPROVED = Fault(
    "keymanagement.service.invalid_client-client_id_not_approved", 401,
    "ClientId is not approved", cause="the consumer key of the token is revoked",
)  # fmt: skip
KEY_EXPIRED = Fault(
    "keymanagement.service.consumer_key_expired", 401, "Key Expired",
    cause="the consumer key is past its expiry",
)  # fmt: skip
APP_NOT_APPROVED = Fault(
    "keymanagement.service.invalid_client-app_not_approved", 401, "App not Approved",
    cause="the developer app is revoked",
)  # fmt: skip
DEVELOPER_NOT_ACTIVE = Fault(
    "keymanagement.service.DeveloperStatusNotActive", 401, "Developer Status is not Active",
    cause="the developer of the app is inactive",
)  # fmt: skip
NO_API_PRODUCT = Fault(
    "keymanagement.service.consumer_key_missing_api_product_association", 400,
    "Consumer key has no approved API product", cause="the consumer key has no API product",
)  # fmt: skip

INVALID_ACCESS_TOKEN = Fault(
    "keymanagement.service.invalid_access_token", 401, "Invalid Access Token",
    cause="the access token is unknown, or its key or app was deleted",
)  # fmt: skip
ACCESS_TOKEN_EXPIRED = Fault(
    "keymanagement.service.access_token_expired", 401, "Access Token expired",
    cause="the access token is past its life",
)  # fmt: skip
ACCESS_TOKEN_NOT_APPROVED = Fault(
    "keymanagement.service.access_token_not_approved", 401, "Access Token not approved",
    cause="the access token is revoked",
)  # fmt: skip
INVALID_REFRESH_TOKEN = Fault(
    "keymanagement.service.invalid_refresh_token", 400, "Invalid Refresh Token",
    cause="the refresh token is unknown, revoked, or another client's",
)  # fmt: skip
REFRESH_TOKEN_EXPIRED = Fault(
    "keymanagement.service.refresh_token_expired", 400, "Refresh Token expired",
    cause="the refresh token is past its life",
)  # fmt: skip
