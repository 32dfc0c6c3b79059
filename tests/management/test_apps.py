"""Developer apps: reference/runtime/management-api.md section 6."""

import re

import pytest

APPS = "/developers/ann@example.com/apps"


async def test_a_created_app_has_every_field_of_the_sheet(api):
    app = await api.app()
    assert re.fullmatch(r"[0-9a-f-]{36}", app["appId"])
    assert set(app) == {
        "accessType", "apiProducts", "appFamily", "appId", "attributes", "callbackUrl",
        "createdAt", "createdBy", "credentials", "developerId", "lastModifiedAt",
        "lastModifiedBy", "name", "scopes", "status",
    }  # fmt: skip
    assert (app["appFamily"], app["name"], app["status"]) == ("default", "app", "approved")
    (credential,) = app["credentials"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", credential.pop("consumerKey"))
    assert re.fullmatch(r"[A-Za-z0-9]{16}", credential.pop("consumerSecret"))
    assert credential.pop("issuedAt") > 1_600_000_000_000
    assert credential == {
        "apiProducts": [{"apiproduct": "P", "status": "approved"}],
        "attributes": [], "expiresAt": -1, "scopes": [], "status": "approved",
    }  # fmt: skip


async def test_the_list_of_app_ids_is_printed_in_edges_spacing(api):
    first = (await api.app("one"))["appId"]
    second = (await api.app("two"))["appId"]
    assert (await api.get("/apps")).text in (
        f'[ "{first}", "{second}" ]', f'[ "{second}", "{first}" ]',
    )  # fmt: skip


async def test_an_app_is_shown_by_id_with_all_fields(api):
    app = await api.app()
    answer = await api.get(f"/apps/{app['appId']}")
    assert (answer.status, answer.json) == (200, app)
    assert '  "credentials" : [ {\n    "apiProducts" : [ {\n' in answer.text


async def test_an_unknown_app_id_is_404(api):
    for method in ("GET", "DELETE"):
        assert (await api.call(method, "/apps/nobody")).status == 404


async def test_expand_gives_whole_apps(api):
    app = await api.app()
    assert (await api.get("/apps?expand=true")).json == {"app": [app]}
    without = (await api.get("/apps?expand=true&includeCred=false")).json
    assert without["app"][0]["credentials"] == []
    assert (await api.get(f"{APPS}?expand=true")).json == {"app": [app]}
    assert (await api.get(APPS)).text == '[ "app" ]'


async def test_apps_are_chosen_by_status_and_product(api):
    app = await api.app()
    assert (await api.get("/apps?status=approved&apiProduct=P")).json == [app["appId"]]
    assert (await api.get("/apps?status=revoked")).json == []
    assert (await api.get("/apps?apiProduct=Q")).json == []


async def test_an_existing_name_is_a_conflict_in_edges_words(api):
    await api.app()
    answer = await api.post(APPS, {"name": "app", "apiProducts": ["P"]})
    assert (answer.status, answer.message) == (409, "App with name app already exists")


async def test_an_unknown_product_is_404_in_edges_words_and_leaves_no_app(api):
    await api.developer()
    answer = await api.post(APPS, {"name": "app", "apiProducts": ["X"]})
    assert answer.status == 404
    assert re.match(r"(Product with id|API Product) \[X\] does not exist.*", answer.message)
    assert (await api.get("/apps")).json == []


async def test_a_missing_app_is_404_with_the_developer_as_written(api):
    developer_id = (await api.developer()).json["developerId"]
    for developer in ("ann@example.com", developer_id):
        answer = await api.get(f"/developers/{developer}/apps/X")
        assert (answer.status, answer.code) == (404, "developer.service.AppDoesNotExist")
        assert answer.message == f"App named X does not exist under {developer}"


@pytest.mark.parametrize(("action", "status"), [("revoke", "revoked"), ("approve", "approved")])
async def test_actions_set_the_status(api, action, status):
    await api.app()
    answer = await api.post(
        f"{APPS}/app?action={action}", headers={"Content-Type": "application/octet-stream"}
    )
    assert (answer.status, answer.content) == (204, b"")
    assert (await api.get(f"{APPS}/app")).json["status"] == status


async def test_a_post_with_products_adds_a_generated_key(api):
    app = await api.app()
    answer = await api.post(f"{APPS}/app", {"apiProducts": ["P"], "keyExpiresIn": 60_000})
    assert answer.status == 200
    keys = answer.json["credentials"]
    assert len(keys) == 2
    added = next(k for k in keys if k["consumerKey"] != app["credentials"][0]["consumerKey"])
    assert 0 <= added["expiresAt"] - added["issuedAt"] - 60_000 < 1000 or (
        abs(added["expiresAt"] - added["issuedAt"] - 60_000) < 1000
    )


async def test_what_was_read_can_be_written_back(api):
    app = await api.app()
    app["callbackUrl"] = "https://example.com/cb"
    app["attributes"] = [{"name": "DisplayName", "value": "My app"}]
    for method in ("PUT", "POST"):
        answer = await api.call(method, f"{APPS}/app", app)
        assert answer.status == 200
        assert answer.json["callbackUrl"] == "https://example.com/cb"
        assert answer.json["attributes"] == app["attributes"]
        assert len(answer.json["credentials"]) == 1


async def test_delete_answers_with_the_deleted_app(api):
    app = await api.app()
    answer = await api.delete(f"{APPS}/app")
    assert (answer.status, answer.json["appId"]) == (200, app["appId"])
    assert (await api.get(f"/apps/{app['appId']}")).status == 404


async def test_an_app_is_deleted_by_id(api):
    app = await api.app()
    assert (await api.delete(f"/apps/{app['appId']}")).json["name"] == "app"
    assert (await api.get("/apps")).json == []


async def test_app_attributes_are_put_and_listed(api):
    await api.app()
    assert (await api.post(f"{APPS}/app/attributes/a", {"value": "1"})).status == 200
    listed = (await api.get(f"{APPS}/app/attributes")).json
    assert listed == {"attribute": [{"name": "a", "value": "1"}]}


WRONG = [
    ("name", None), ("name", "x" * 256), ("callbackUrl", 1), ("apiProducts", "P"),
    ("apiProducts", [None]), ("keyExpiresIn", "soon"), ("keyExpiresIn", 10**18),
    ("scopes", {}), ("attributes", {}),
]  # fmt: skip


async def test_a_wrong_member_is_400_and_named(api):
    await api.developer()
    for field, value in WRONG:
        answer = await api.post(APPS, {"name": "app", field: value})
        assert (answer.status, field in answer.message) == (400, True), (field, value)


async def test_manual_approval_leaves_the_product_pending(api):
    await api.product("M", approvalType="manual")
    app = await api.app(products=("P", "M"))
    assert app["credentials"][0]["apiProducts"] == [
        {"apiproduct": "P", "status": "approved"}, {"apiproduct": "M", "status": "pending"},
    ]  # fmt: skip
