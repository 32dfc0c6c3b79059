"""OAuthV2 GenerateAccessToken with client credentials."""

from __future__ import annotations

import base64
import json
from collections import Counter

import pytest

from gateway.policies.oauthv2_inputs import Client, basic_client
from gateway.policies.oauthv2_issue import random_token
from gateway.policies.oauthv2_lifetime import seconds_left
from tests.policies.oauth_world import KEY, SECRET, START, Outcome, World, product, request

GENERATE = (
    "<OAuthV2 name='G'><Operation>GenerateAccessToken</Operation>"
    "<SupportedGrantTypes><GrantType>client_credentials</GrantType></SupportedGrantTypes>"
    "{}</OAuthV2>"
)
ON = GENERATE.format("<ExpiresIn>3600000</ExpiresIn><GenerateResponse/>")
FORM = f"grant_type=client_credentials&client_id={KEY}&client_secret={SECRET}"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def generate(world: World, elements: str, form: str = FORM, **variables: object) -> Outcome:
    return await world.runner(GENERATE.format(elements))(request(form=form), **variables)


async def test_the_answer_is_apigees_to_the_letter(world: World) -> None:
    outcome = await world.runner(ON)(request(form=FORM))
    token = outcome["apigee.access_token"]
    assert outcome.response.status_code == 200
    assert outcome.response.content == (
        "{\n"
        '  "refresh_token_expires_in" : "0",\n'
        '  "api_product_list" : "[PremiumWeatherAPI]",\n'
        '  "api_product_list_json" : [ "PremiumWeatherAPI" ],\n'
        '  "organization_name" : "myorg",\n'
        '  "developer.email" : "tesla@weathersample.com",\n'
        '  "organization_id" : "0",\n'
        '  "token_type" : "BearerToken",\n'
        f'  "issued_at" : "{START}",\n'
        f'  "client_id" : "{KEY}",\n'
        f'  "access_token" : "{token}",\n'
        '  "application_name" : "eea80998-537c-4a75-94aa-e688e4252d06",\n'
        '  "scope" : "READ WRITE",\n'
        '  "expires_in" : "3599",\n'
        '  "refresh_count" : "0",\n'
        '  "status" : "approved"\n'
        "}"
    )
    assert dict(outcome.response.headers) == {"Content-Type": "application/json"}


async def test_the_x_flavor_has_no_organization_id(world: World) -> None:
    outcome = await world.runner(ON, flavor="x")(request(form=FORM))
    assert "organization_id" not in outcome.json
    assert len(outcome.json) == 14


async def test_two_products_are_listed_as_text_and_as_array(world: World) -> None:
    world.sells(product("a", scopes=("READ",)), product("b", scopes=("READ", "WRITE")))
    answer = (await world.runner(ON)(request(form=FORM))).json
    assert answer["api_product_list"] == "[a, b]"
    assert answer["api_product_list_json"] == ["a", "b"]
    assert answer["scope"] == "READ WRITE"


async def test_products_without_scopes_give_an_empty_scope(world: World) -> None:
    world.sells(product(scopes=()))
    assert (await world.runner(ON)(request(form=FORM))).json["scope"] == ""


async def test_products_that_are_not_approved_are_left_out(world: World) -> None:
    held = world.credential.products[0]
    pending = type(held)(product("pending", scopes=("ADMIN",)), "pending")
    world.change(products=(held, pending))
    answer = (await world.runner(ON)(request(form=FORM))).json
    assert answer["api_product_list"] == "[PremiumWeatherAPI]"
    assert answer["scope"] == "READ WRITE"


async def test_requested_scopes_narrow_scope_and_products(world: World) -> None:
    world.sells(product("a", scopes=("READ",)), product("b", scopes=("WRITE",)))
    answer = (await world.runner(ON)(request(form=FORM + "&scope=WRITE+ADMIN+WRITE"))).json
    assert answer["scope"] == "WRITE"
    assert answer["api_product_list"] == "[b]"


async def test_scope_may_be_a_variable_or_a_literal_list(world: World) -> None:
    on = "<GenerateResponse/><Scope>{}</Scope>"
    by_variable = await generate(world, on.format("flow.scope"), **{"flow.scope": "READ"})
    assert by_variable.json["scope"] == "READ"
    unset = await generate(world, on.format("flow.scope"), form=FORM + "&scope=READ")
    assert unset.json["scope"] == "READ WRITE"
    literal = await generate(world, on.format("WRITE OTHER"))
    assert literal.json["scope"] == "WRITE"


async def test_basic_credentials(world: World) -> None:
    run = world.runner(ON)
    form = "grant_type=client_credentials"
    outcome = await run(request(form=form, Authorization=basic(f"{KEY}:{SECRET}")))
    assert outcome.json["client_id"] == KEY


async def test_basic_wins_over_the_form(world: World) -> None:
    outcome = await world.runner(ON)(request(form=FORM, Authorization=basic("other:secret")))
    assert outcome.json == {"ErrorCode": "invalid_client", "Error": "ClientId is Invalid"}


async def test_a_bearer_header_does_not_hide_the_form(world: World) -> None:
    assert (await world.runner(ON)(request(form=FORM, Authorization="Bearer x"))).raised is None


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
async def test_a_body_of_another_type_is_no_form(world: World, content_type: str) -> None:
    outcome = await world.runner(ON)(request(form=FORM, content_type=content_type))
    assert outcome.json["Error"] == "Required param : grant_type"


async def test_a_form_may_name_its_charset(world: World) -> None:
    content_type = "application/x-www-form-urlencoded; charset=utf-8"
    assert (await world.runner(ON)(request(form=FORM, content_type=content_type))).raised is None


async def test_credentials_in_the_query_are_not_read(world: World) -> None:
    outcome = await world.runner(ON)(request(FORM, form="grant_type=client_credentials"))
    assert outcome.json["Error"].endswith("parameter : client_id")


async def test_the_first_of_repeated_parameters_counts(world: World) -> None:
    form = FORM + "&client_id=other&client_secret=other&grant_type=password"
    assert (await world.runner(ON)(request(form=form))).raised is None


async def test_grant_type_is_read_from_the_query_alone_where_the_policy_says_so(
    world: World,
) -> None:
    run = world.runner(
        GENERATE.format("<GrantType>request.queryparam.grant_type</GrantType><GenerateResponse/>")
    )
    client = f"client_id={KEY}&client_secret={SECRET}"
    assert (await run(request("grant_type=client_credentials", form=client))).raised is None
    outcome = await run(request(form=FORM))
    assert outcome.json["Error"] == "Required param : grant_type"


async def test_a_literal_grant_type_is_a_variable_that_is_not_set(world: World) -> None:
    outcome = await generate(world, "<GrantType>client_credentials</GrantType><GenerateResponse/>")
    assert outcome.json["Error"] == "Required param : grant_type"


async def test_client_id_takes_the_id_from_a_variable_and_the_secret_from_the_form(
    world: World,
) -> None:
    form = f"grant_type=client_credentials&client_secret={SECRET}"
    outcome = await generate(
        world, "<ClientId>flow.client</ClientId><GenerateResponse/>", form, **{"flow.client": KEY}
    )
    assert outcome.json["client_id"] == KEY


async def test_without_generate_response_only_variables_are_set(world: World) -> None:
    outcome = await generate(world, "")
    assert outcome.context.response is None
    prefix = "oauthv2accesstoken.G."
    assert outcome["apigee.access_token"] == outcome[prefix + "access_token"]
    expected = {
        "token_type": "BearerToken",
        "expires_in": "3599",
        "refresh_token_expires_in": "0",
        "refresh_count": "0",
        "scope": "READ WRITE",
        "client_id": KEY,
        "status": "approved",
        "issued_at": str(START),
    }
    assert {name: outcome[prefix + name] for name in expected} == expected


async def test_generate_response_disabled_is_off(world: World) -> None:
    assert (await generate(world, "<GenerateResponse enabled='false'/>")).context.response is None


async def test_the_token_is_stored_with_its_life_attributes_and_end_user(world: World) -> None:
    outcome = await generate(
        world,
        "<ExpiresIn ref='flow.life'>60000</ExpiresIn><AppEndUser>flow.user</AppEndUser>"
        "<Attributes><Attribute name='plan' ref='flow.plan'>basic</Attribute>"
        "<Attribute name='secretplan' display='false'>hidden</Attribute>"
        "<Attribute name='fallback' ref='flow.unset'>text</Attribute>"
        "<Attribute name='nothing' ref='flow.unset'/></Attributes><GenerateResponse/>",
        **{"flow.life": "120000", "flow.plan": "gold", "flow.user": "ada"},
    )
    stored = world.tokens.known[str(outcome["apigee.access_token"])]
    assert stored.expires_at - stored.issued_at == 120_000
    assert stored.end_user == "ada"
    assert stored.attributes == (("plan", "gold"), ("fallback", "text"))
    assert stored.hidden_attributes == (("secretplan", "hidden"),)
    answer = outcome.json
    assert list(answer)[-3:] == ["app_enduser", "plan", "fallback"]
    assert answer["expires_in"] == "119"
    assert outcome["oauthv2accesstoken.G.secretplan"] == "hidden"


@pytest.mark.parametrize("found", [None, "soon", "0", "-5", ""])
async def test_a_life_that_is_no_number_falls_back_on_the_text(
    world: World, found: str | None
) -> None:
    outcome = await generate(
        world,
        "<ExpiresIn ref='flow.life'>60000</ExpiresIn>",
        **({} if found is None else {"flow.life": found}),
    )
    assert outcome["oauthv2accesstoken.G.expires_in"] == "59"


async def test_a_life_of_minus_one_never_ends(world: World) -> None:
    outcome = await generate(world, "<ExpiresIn>-1</ExpiresIn>")
    assert world.tokens.known[str(outcome["apigee.access_token"])].expires_at == -1


async def test_an_attribute_cannot_replace_a_field(world: World) -> None:
    outcome = await generate(
        world,
        "<Attributes><Attribute name='client_id'>forged</Attribute></Attributes>"
        "<GenerateResponse/>",
    )
    assert outcome.json["client_id"] == KEY


async def test_store_token_false_keeps_the_token_out_of_the_store(world: World) -> None:
    before = dict(world.tokens.known)
    outcome = await generate(world, "<StoreToken>false</StoreToken>")
    assert outcome["apigee.access_token"]
    assert world.tokens.known == before


async def test_an_external_access_token_is_stored_instead_of_a_new_one(world: World) -> None:
    element = "<ExternalAccessToken>flow.token</ExternalAccessToken>"
    await generate(world, element, **{"flow.token": "tokenfromelsewhere"})
    assert "tokenfromelsewhere" in world.tokens.known
    assert len(str((await generate(world, element))["apigee.access_token"])) == 28


async def test_rfc_compliant_answers_have_numbers_and_forbid_caching(world: World) -> None:
    outcome = await generate(
        world,
        "<ExpiresIn>3600000</ExpiresIn><GenerateResponse/>"
        "<RFCCompliantRequestResponse>true</RFCCompliantRequestResponse>",
    )
    assert outcome.json["expires_in"] == 3599
    assert outcome.json["refresh_token_expires_in"] == 0
    assert outcome.json["token_type"] == "Bearer"
    assert outcome.response.headers["Cache-Control"] == "no-store"
    assert outcome.response.headers["Pragma"] == "no-cache"
    assert outcome["oauthv2accesstoken.G.expires_in"] == "3599"


async def test_an_unknown_key_is_looked_up_in_the_store(world: World) -> None:
    world.credentials.cold = True
    assert (await world.runner(ON)(request(form=FORM))).raised is None
    assert world.credentials.asked == [KEY]


@pytest.mark.parametrize("key", ["a%00b", "%ff%fe", "%F0%9F%98%80%1b", "x" * 100_000])
async def test_what_can_be_no_key_is_an_unknown_client(world: World, key: str) -> None:
    world.credentials.cold = True
    form = f"grant_type=client_credentials&client_id={key}&client_secret=%00%ff"
    outcome = await world.runner(ON)(request(form=form))
    assert outcome.json["Error"] == "ClientId is Invalid"


async def test_an_unsupported_grant_type_is_quoted_as_json(world: World) -> None:
    form = 'grant_type="\\%0A{x}%7B0%7D'
    outcome = await world.runner(ON)(request(form=form))
    assert json.loads(outcome.response.content)["Error"] == ('Unsupported grant type : "\\\n{x}{0}')


# -- parts


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (basic("id:secret"), Client("id", "secret")),
        (basic("id:se:cr:et"), Client("id", "se:cr:et")),
        (basic(":"), Client("", "")),
        ("basic   " + basic("id:secret")[6:] + " ", Client("id", "secret")),
        (basic("ключ:тайна"), Client("ключ", "тайна")),
        (basic("nocolon"), None),
        ("Basic !!!!", None),
        ("Basic aWQ6c2Vj=cmV0", None),
        ("Basic", None),
        ("Basic ", None),
        ("Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), None),
        ("Basic \udcff\udcfe", None),
        (basic("id:" + "x" * 100_000), None),
        ("Bearer abc", None),
        (None, None),
    ],
)
def test_basic_credentials_are_read_or_ignored(header: str | None, client: Client | None) -> None:
    assert basic_client(header) == client


def test_generated_tokens_are_letters_and_digits_evenly() -> None:
    tokens = [random_token(28) for _ in range(2_000)]
    assert len(set(tokens)) == len(tokens)
    counts = Counter("".join(tokens))
    assert len(counts) == 62
    assert all(letter.isascii() and letter.isalnum() for letter in counts)
    expected = 28 * 2_000 / 62
    assert all(abs(count - expected) < 0.25 * expected for count in counts.values())
    assert {len(random_token(length)) for length in (28, 32)} == {28, 32}


@pytest.mark.parametrize(
    ("life", "elapsed", "seconds"),
    [(3_600_000, 0, 3599), (3_600_000, 999, 3599), (3_600_000, 1000, 3598), (1, 0, 0), (1, 5, 0)],
)
def test_seconds_left_are_rounded_down(life: int, elapsed: int, seconds: int) -> None:
    assert seconds_left(START + life, START + elapsed) == seconds
