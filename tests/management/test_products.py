"""API products: reference/runtime/management-api.md section 6."""

import pytest


async def test_a_created_product_is_answered_with_201_and_all_fields(api):
    answer = await api.post(
        "/apiproducts",
        {
            "name": "P", "displayName": "Product", "approvalType": "auto",
            "apiResources": ["/**"], "attributes": [{"name": "access", "value": "public"}],
            "environments": ["test"], "proxies": ["weatherapi"], "scopes": ["A", ""],
            "quota": "100", "quotaInterval": "1", "quotaTimeUnit": "minute",
        },
    )  # fmt: skip
    assert answer.status == 201
    product = answer.json
    assert product.pop("createdAt") == product.pop("lastModifiedAt")
    assert product == {
        "apiResources": ["/**"], "approvalType": "auto",
        "attributes": [{"name": "access", "value": "public"}],
        "createdBy": "admin@example.com", "description": "", "displayName": "Product",
        "environments": ["test"], "lastModifiedBy": "admin@example.com", "name": "P",
        "proxies": ["weatherapi"], "quota": "100", "quotaInterval": "1",
        "quotaTimeUnit": "minute", "scopes": ["A", ""],
    }  # fmt: skip


async def test_a_product_may_name_a_proxy_that_does_not_exist_yet(api):
    answer = await api.product(proxies=["not-there-yet"])
    assert answer.status == 201


async def test_the_list_is_printed_in_edges_spacing(api):
    await api.product("b")
    await api.product("a")
    answer = await api.get("/apiproducts")
    assert answer.text == '[ "a", "b" ]'
    assert answer.headers["Content-Type"] == "application/json"


async def test_an_empty_list_is_printed_with_a_blank(api):
    assert (await api.get("/apiproducts")).text == "[ ]"


async def test_expand_gives_whole_products(api):
    await api.product("a")
    answer = await api.get("/apiproducts?expand=true")
    assert [product["name"] for product in answer.json["apiProduct"]] == ["a"]


async def test_lists_are_paged_by_start_key_and_count(api):
    for name in "abcd":
        await api.product(name)
    assert (await api.get("/apiproducts?startKey=b&count=2")).json == ["b", "c"]
    assert (await api.get("/apiproducts?count=x")).status == 400


async def test_a_product_is_shown_by_name(api):
    await api.product("with blank")
    assert (await api.get("/apiproducts/with%20blank")).json["name"] == "with blank"


async def test_a_missing_product_is_404(api):
    answer = await api.get("/apiproducts/X")
    assert answer.status == 404
    assert answer.text == (
        '{\n  "code" : "keymanagement.service.apiproduct_doesnot_exist",\n'
        '  "message" : "ApiProduct named X does not exist in organization demo",\n'
        '  "contexts" : [ ]\n}'
    )


async def test_a_second_product_of_the_same_name_is_a_conflict(api):
    await api.product()
    assert (await api.product()).status == 409


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_update_is_a_full_update(api, method):
    await api.product(scopes=["A"], description="old")
    answer = await api.call(method, "/apiproducts/P", {"name": "P", "displayName": "New"})
    assert answer.status == 200
    assert answer.json["displayName"] == "New"
    assert answer.json["scopes"] == []
    assert answer.json["description"] == ""


async def test_the_name_cannot_be_changed(api):
    await api.product()
    answer = await api.put("/apiproducts/P", {"name": "Q"})
    assert (answer.status, "name" in answer.message) == (400, True)


async def test_delete_answers_with_the_deleted_product(api):
    await api.product()
    answer = await api.delete("/apiproducts/P")
    assert (answer.status, answer.json["name"]) == (200, "P")
    assert (await api.get("/apiproducts/P")).status == 404


async def test_a_product_of_a_key_cannot_be_deleted(api):
    await api.app()
    answer = await api.delete("/apiproducts/P")
    assert answer.status == 400
    assert "remove it" in answer.message


async def test_unknown_members_are_kept(api):
    await api.product(operationGroup={"operationConfigs": []})
    assert (await api.get("/apiproducts/P")).json["operationGroup"] == {"operationConfigs": []}


WRONG = [
    ("name", None), ("name", ""), ("name", 7), ("name", "x" * 100_000), ("name", "a\x00b"),
    ("displayName", ["x"]), ("approvalType", "sometimes"), ("scopes", "A"),
    ("scopes", [1]), ("proxies", {}), ("apiResources", ["no-slash"]),
    ("quota", "many"), ("quota", True), ("quotaTimeUnit", "eon"),
    ("attributes", [{"value": "x"}]), ("attributes", ["x"]), ("attributes", "x"),
    ("attributes", [{"name": f"a{n}", "value": ""} for n in range(19)]),
    ("attributes", [{"name": "n" * 1025, "value": ""}]),
    ("attributes", [{"name": "n", "value": "v" * 2049}]),
    ("attributes", [{"name": "n", "value": 1}]),
]  # fmt: skip


async def test_a_wrong_member_is_400_and_named(api):
    for field, value in WRONG:
        answer = await api.post("/apiproducts", {"name": "P", field: value})
        assert (answer.status, field in answer.message) == (400, True), (field, value)
    assert (await api.get("/apiproducts")).json == []


async def test_an_unknown_environment_is_404(api):
    answer = await api.product(environments=["nowhere"])
    assert (answer.status, answer.code) == (404, "messaging.config.beans.EnvironmentDoesNotExist")
