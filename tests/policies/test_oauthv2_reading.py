"""What the author of an OAuthV2 or VerifyAPIKey policy is told when it is deployed."""

from __future__ import annotations

import pytest

from tests.policies.oauth_world import World

CLIENT_CREDENTIALS = (
    "<SupportedGrantTypes><GrantType>client_credentials</GrantType></SupportedGrantTypes>"
)
ATTRIBUTE = "<Attribute name='a'>b</Attribute>"


def oauth(operation: str, elements: str = "") -> str:
    return f"<OAuthV2 name='P'><Operation>{operation}</Operation>{elements}</OAuthV2>"


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (
            oauth("VerifyAccesToken"),
            "InvalidOperation: <Operation> 'VerifyAccesToken' is not an OAuthV2 operation; "
            "did you mean VerifyAccessToken?",
        ),
        (oauth("Frobnicate"), "'Frobnicate' is not an OAuthV2 operation"),
        (
            oauth("GenerateAuthorizationCode"),
            "<Operation> 'GenerateAuthorizationCode' is not supported yet",
        ),
        (
            oauth("VerifyJWTAccessToken", "<Algorithm>RS256</Algorithm>"),
            "<Operation> 'VerifyJWTAccessToken' is not supported yet",
        ),
        (
            oauth("GenerateAccessToken", CLIENT_CREDENTIALS.replace("client_cr", "client-cr")),
            "InvalidGrantType: <GrantType> 'client-credentials' is none of",
        ),
        (
            oauth(
                "GenerateAccessToken", CLIENT_CREDENTIALS.replace("client_credentials", "password")
            ),
            "grant type 'password' is not supported yet",
        ),
        (oauth("GenerateAccessToken"), "grant type 'authorization_code' is not supported yet"),
        (
            oauth("GenerateAccessToken", CLIENT_CREDENTIALS + "<ExpiresIn>0</ExpiresIn>"),
            "InvalidValueForExpiresIn: <ExpiresIn> '0' is neither",
        ),
        (
            oauth("GenerateAccessToken", CLIENT_CREDENTIALS + "<ExpiresIn>1h</ExpiresIn>"),
            "InvalidValueForExpiresIn: <ExpiresIn> '1h' is not a whole number",
        ),
        (
            oauth("RefreshAccessToken", "<RefreshTokenExpiresIn>-2</RefreshTokenExpiresIn>"),
            "InvalidValueForRefreshTokenExpiresIn: <RefreshTokenExpiresIn> '-2'",
        ),
        (
            oauth("VerifyAccessToken", "<ExpiresIn>60000</ExpiresIn>"),
            "ExpiresInNotApplicableForOperation: <ExpiresIn> has no meaning for VerifyAccessToken",
        ),
        (
            oauth("VerifyAccessToken", "<RefreshTokenExpiresIn>1</RefreshTokenExpiresIn>"),
            "RefreshTokenExpiresInNotApplicableForOperation",
        ),
        (oauth("VerifyAccessToken", CLIENT_CREDENTIALS), "GrantTypesNotApplicableForOperation"),
        (oauth("InvalidateToken", "<Tokens/>"), "TokenValueRequired"),
        (
            oauth("ValidateToken", "<Tokens><Token type='accesstoken' cascade='true'/></Tokens>"),
            "TokenValueRequired: <Token> names no variable",
        ),
        (
            oauth(
                "GenerateAccessToken",
                CLIENT_CREDENTIALS + "<ExternalAuthorization>true</ExternalAuthorization>",
            ),
            "<ExternalAuthorization> true is not supported yet",
        ),
        (
            oauth(
                "GenerateAccessToken",
                CLIENT_CREDENTIALS + "<GenerateResponse><Format>XML</Format></GenerateResponse>",
            ),
            "<Format> 'XML' is not supported yet",
        ),
        (
            oauth(
                "GenerateAccessToken",
                CLIENT_CREDENTIALS + f"<Attributes>{ATTRIBUTE * 19}</Attributes>",
            ),
            "<Attributes> holds more than 18 attributes",
        ),
        ("<VerifyAPIKey name='K'><APIKey/></VerifyAPIKey>", "SpecifyValueOrRefApiKey"),
        ("<VerifyAPIKey name='K'/>", "SpecifyValueOrRefApiKey"),
        (
            "<VerifyAPIKey name='K'><APIKey ref='x'/>"
            "<CacheExpiryInSeconds>600</CacheExpiryInSeconds></VerifyAPIKey>",
            "is not between 1 and 180",
        ),
    ],
)
def test_deployment_error(world: World, xml: str, message: str) -> None:
    errors = world.errors(xml)
    assert len(errors) == 1, errors
    assert message in errors[0]


@pytest.mark.parametrize(
    "xml",
    [
        oauth("VerifyAccessToken", "<SupportedGrantTypes/><Tokens/><GenerateResponse/>"),
        oauth("VerifyAccessToken", "<ExternalAuthorization>false</ExternalAuthorization>"),
        oauth("VerifyAccessToken", "<Scopes/><OAuthConfig/><Attributes/><FaultRules/>"),
        oauth("VerifyAccessToken", "<CacheExpiryInSeconds ref='x'>60</CacheExpiryInSeconds>"),
        oauth("GenerateAccessToken", CLIENT_CREDENTIALS + "<GenerateErrorResponse/><State/>"),
        oauth("RefreshAccessToken", "<ExpiresIn ref='flow.variable'>1800000</ExpiresIn>"),
        oauth("RefreshAccessToken", "<SupportedGrantTypes/><Tokens/>"),
        "<VerifyAPIKey name='K'><APIKey>fixed</APIKey><CacheExpiryInSeconds>60"
        "</CacheExpiryInSeconds><OAuthConfig/></VerifyAPIKey>",
    ],
)
def test_real_policies_read_without_a_word(world: World, xml: str) -> None:
    _, diagnostics = world.read(xml)
    assert diagnostics.all == ()


async def test_without_operation_tokens_are_generated_with_a_warning(world: World) -> None:
    xml = f"<OAuthV2 name='P'>{CLIENT_CREDENTIALS}</OAuthV2>"
    assert world.errors(xml) == []
    assert any("OperationRequired" in warning for warning in world.warnings(xml))
    assert world.read(xml)[0].operation == "GenerateAccessToken"  # type: ignore[attr-defined]


def test_an_element_that_the_policy_does_not_know_earns_a_warning(world: World) -> None:
    assert (
        "<AccesToken> is not an element of OAuthV2"
        in world.warnings(oauth("VerifyAccessToken", "<AccesToken>x</AccesToken>"))[0]
    )
