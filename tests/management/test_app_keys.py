"""Keys of apps: reference/runtime/management-api.md section 6."""

import pytest

from gateway.management.call import ManagementSettings

KEYS = "/developers/ann@example.com/apps/app/keys"
GIVEN = {"consumerKey": "my-key", "consumerSecret": "my-secret", "attributes": []}


@pytest.fixture
async def given(api):
    """The app of ann@example.com with the key `my-key`, without products."""
    await api.app()
    answer = await api.post(f"{KEYS}/create", GIVEN)
    assert answer.status == 201
    return answer


async def test_a_given_key_is_answered_with_201(given):
    credential = given.json
    assert (credential["consumerKey"], credential["consumerSecret"]) == ("my-key", "my-secret")
    assert (credential["apiProducts"], credential["status"]) == ([], "approved")


async def test_the_x_form_creates_a_key_too(api):
    await api.app()
    body = {**GIVEN, "expiresInSeconds": 60, "apiProducts": ["P"]}
    answer = await api.post(KEYS, body)
    assert answer.status == 201
    assert answer.json["expiresAt"] > answer.json["issuedAt"]
    assert answer.json["apiProducts"] == [{"apiproduct": "P", "status": "approved"}]


async def test_a_key_that_is_taken_is_a_conflict(api, given):
    assert (await api.post(f"{KEYS}/create", GIVEN)).status == 409


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_products_are_added(api, given, method):
    await api.product("Q")
    await api.post(f"{KEYS}/my-key", {"apiProducts": ["P"]})
    answer = await api.call(method, f"{KEYS}/my-key", {"apiProducts": ["Q"], "attributes": []})
    assert answer.status == 200
    assert [item["apiproduct"] for item in answer.json["apiProducts"]] == ["P", "Q"]


@pytest.mark.parametrize("settings", [ManagementSettings(flavor="x")])
async def test_on_x_put_replaces_the_products(api, given):
    await api.product("Q")
    await api.post(f"{KEYS}/my-key", {"apiProducts": ["P"]})
    answer = await api.put(f"{KEYS}/my-key", {"apiProducts": ["Q"]})
    assert [item["apiproduct"] for item in answer.json["apiProducts"]] == ["Q"]


async def test_an_unknown_product_is_refused(api, given):
    answer = await api.post(f"{KEYS}/my-key", {"apiProducts": ["X"]})
    assert (answer.status, answer.message) == (404, "API Product [X] does not exist")


async def test_a_missing_key_is_404_in_edges_words(api, given):
    for method in ("GET", "PUT", "DELETE", "POST"):
        answer = await api.call(method, f"{KEYS}/other", {} if method in ("PUT", "POST") else None)
        assert answer.status == 404
        assert answer.code == "keymanagement.service.InvalidClientIdForGivenApp"
        assert answer.message == "Invalid consumer key for Given App"


async def test_the_key_of_another_app_is_not_found(api, given):
    await api.post("/developers/ann@example.com/apps", {"name": "other", "apiProducts": ["P"]})
    answer = await api.get("/developers/ann@example.com/apps/other/keys/my-key")
    assert answer.status == 404


@pytest.mark.parametrize(("action", "status"), [("revoke", "revoked"), ("approve", "approved")])
async def test_actions_set_the_status_of_a_key(api, given, action, status):
    answer = await api.post(f"{KEYS}/my-key?action={action}")
    assert (answer.status, answer.content) == (204, b"")
    assert (await api.get(f"{KEYS}/my-key")).json["status"] == status


@pytest.mark.parametrize(("action", "status"), [("revoke", "revoked"), ("approve", "approved")])
async def test_actions_set_the_status_of_a_product_of_a_key(api, given, action, status):
    await api.post(f"{KEYS}/my-key", {"apiProducts": ["P"]})
    answer = await api.post(f"{KEYS}/my-key/apiproducts/P?action={action}")
    assert (answer.status, answer.content) == (204, b"")
    shown = (await api.get(f"{KEYS}/my-key")).json
    assert shown["apiProducts"] == [{"apiproduct": "P", "status": status}]


async def test_a_product_that_is_not_on_the_key_is_500_as_on_edge(api, given):
    for method, query in (("POST", "?action=approve"), ("DELETE", "")):
        answer = await api.call(method, f"{KEYS}/my-key/apiproducts/P{query}")
        assert answer.status == 500
        assert answer.message == "APIProduct is not associated with consumer key"


async def test_a_product_is_taken_off_a_key(api, given):
    await api.post(f"{KEYS}/my-key", {"apiProducts": ["P"]})
    answer = await api.delete(f"{KEYS}/my-key/apiproducts/P")
    assert (answer.status, answer.json["apiProducts"]) == (200, [])


async def test_delete_answers_with_the_credential(api, given):
    answer = await api.delete(f"{KEYS}/my-key")
    assert (answer.status, answer.json["consumerKey"]) == (200, "my-key")
    assert (await api.get(f"{KEYS}/my-key")).status == 404


async def test_a_wrong_key_is_400_and_named(api):
    await api.app()
    for field in ("consumerKey", "consumerSecret"):
        for value in (None, "", 1, "x" * 2049, "a\nb"):
            answer = await api.post(f"{KEYS}/create", {**GIVEN, field: value})
            assert (answer.status, field in answer.message) == (400, True), (field, value)
