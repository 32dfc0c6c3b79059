"""App developers: reference/runtime/management-api.md section 6."""

import pytest

ANN = "/developers/ann@example.com"


async def test_a_created_developer_is_answered_with_201_and_all_fields(api):
    answer = await api.developer()
    assert answer.status == 201
    developer = answer.json
    assert len(developer.pop("developerId")) == 36
    assert developer.pop("createdAt") == developer.pop("lastModifiedAt")
    assert developer == {
        "apps": [], "attributes": [], "companies": [], "createdBy": "admin@example.com",
        "email": "ann@example.com", "firstName": "Ann", "lastModifiedBy": "admin@example.com",
        "lastName": "Lee", "organizationName": "demo", "status": "active", "userName": "ann",
    }  # fmt: skip


async def test_a_second_developer_of_the_same_email_is_a_conflict(api):
    await api.developer()
    answer = await api.developer()
    assert (answer.status, answer.code) == (409, "developer.service.DeveloperAlreadyExists")


async def test_developers_are_listed_by_email(api):
    await api.developer("b@x.org")
    await api.developer("a@x.org")
    assert (await api.get("/developers")).text == '[ "a@x.org", "b@x.org" ]'
    expanded = await api.get("/developers?expand=true&count=1")
    assert [item["email"] for item in expanded.json["developer"]] == ["a@x.org"]


@pytest.mark.parametrize("path", [ANN, "/developers/ann%40example.com"])
async def test_the_at_sign_may_be_raw_or_encoded(api, path):
    await api.developer()
    assert (await api.get(path)).json["email"] == "ann@example.com"


async def test_a_developer_is_found_by_id(api):
    developer_id = (await api.developer()).json["developerId"]
    assert (await api.get(f"/developers/{developer_id}")).json["email"] == "ann@example.com"


async def test_a_missing_developer_is_404_in_edges_words(api):
    for method in ("GET", "PUT", "DELETE"):
        answer = await api.call(method, "/developers/x@y.z", {} if method == "PUT" else None)
        assert answer.status == 404
        assert answer.code == "developer.service.DeveloperIdDoesNotExist"
        assert answer.message == "DeveloperId x@y.z does not exist in organization demo"


async def test_an_update_changes_names_and_replaces_attributes(api):
    await api.developer()
    await api.post(f"{ANN}/attributes/team", {"value": "red"})
    answer = await api.put(
        ANN,
        {"email": "ann@example.com", "firstName": "Anna", "lastName": "Lee", "userName": "a"},
    )
    assert (answer.status, answer.json["firstName"], answer.json["attributes"]) == (200, "Anna", [])


async def test_an_email_may_change_but_not_to_one_that_is_taken(api):
    await api.developer()
    await api.developer("bob@example.com")
    assert (await api.put(ANN, {"email": "bob@example.com"})).status == 409
    assert (await api.put(ANN, {"email": "new@example.com"})).json["email"] == "new@example.com"


@pytest.mark.parametrize("media_type", ["application/octet-stream", None])
async def test_actions_set_the_status_without_an_answer(api, media_type):
    await api.developer()
    headers = {"Content-Type": media_type} if media_type else {}
    answer = await api.post(f"{ANN}?action=inactive", headers=headers)
    assert (answer.status, answer.content) == (204, b"")
    assert (await api.get(ANN)).json["status"] == "inactive"
    assert (await api.post(f"{ANN}?action=active", headers=headers)).status == 204
    assert (await api.get(ANN)).json["status"] == "active"


async def test_an_unknown_action_is_400(api):
    await api.developer()
    assert (await api.post(f"{ANN}?action=explode")).status == 400


async def test_delete_answers_with_the_deleted_developer(api):
    await api.app()
    answer = await api.delete(ANN)
    assert (answer.status, answer.json["email"], answer.json["apps"]) == (
        200, "ann@example.com", ["app"],
    )  # fmt: skip
    assert (await api.get("/apps")).json == []


async def test_attributes_are_put_shown_listed_and_deleted(api):
    await api.developer()
    put = await api.post(f"{ANN}/attributes/team", {"name": "team", "value": "red"})
    assert (put.status, put.json) == (200, {"name": "team", "value": "red"})
    assert (await api.get(f"{ANN}/attributes/team")).json == {"name": "team", "value": "red"}
    listed = {"attribute": [{"name": "team", "value": "red"}]}
    assert (await api.get(f"{ANN}/attributes")).json == listed
    gone = await api.delete(f"{ANN}/attributes/team")
    assert (gone.status, gone.json["name"]) == (200, "team")
    assert (await api.get(f"{ANN}/attributes/team")).status == 404


async def test_all_attributes_are_replaced_at_once(api):
    await api.developer()
    await api.post(f"{ANN}/attributes/old", {"value": "1"})
    body = {"attribute": [{"name": "new", "value": "2"}]}
    assert (await api.post(f"{ANN}/attributes", body)).json == body
    assert (await api.get(f"{ANN}/attributes")).json == body


async def test_the_nineteenth_attribute_is_refused(api):
    await api.developer()
    body = {"attribute": [{"name": f"a{n}", "value": ""} for n in range(18)]}
    assert (await api.post(f"{ANN}/attributes", body)).status == 200
    assert (await api.post(f"{ANN}/attributes/more", {"value": ""})).status == 400
    assert (await api.post(f"{ANN}/attributes/a1", {"value": "new"})).status == 200


async def test_a_wrong_member_is_400_and_named(api):
    right = {"email": "a@b.c", "firstName": "A", "lastName": "B", "userName": "ab"}
    for field in right:
        for value in (None, 5, "", "x" * 100_000):
            answer = await api.post("/developers", {**right, field: value})
            assert (answer.status, field in answer.message) == (400, True), (field, value)


async def test_what_is_no_email_is_refused(api):
    for email in ("no-at", "@x", "a@", "a b@c", "a/b@c"):
        assert (await api.developer(email)).status == 400, email
