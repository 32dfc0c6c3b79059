"""Import, revisions, export and parts: reference/runtime/management-api.md section 2."""

import io
import zipfile

import aiohttp
import pytest

from tests.management.management_bundles import broken_bundle, bundle, zipped


async def test_an_import_is_answered_with_201_and_the_revision(api):
    answer = await api.imported()
    assert answer.status == 201
    revision = answer.json
    for field in ("createdAt", "lastModifiedAt", "entityMetaDataAsProperties"):
        assert revision.pop(field)
    assert revision.pop("manifestVersion").startswith("SHA-512:")
    assert revision == {
        "basepaths": ["/hello"],
        "configurationVersion": {"majorVersion": 4, "minorVersion": 0},
        "contextInfo": "Revision 1 of application hello, in organization demo",
        "createdBy": "admin@example.com", "description": "Says hello", "displayName": "Hello",
        "lastModifiedBy": "admin@example.com", "name": "hello", "policies": ["mark"],
        "proxies": ["default"], "proxyEndpoints": ["default"],
        "resourceFiles": {"resourceFile": [{"name": "a.js", "type": "jsc"}]},
        "resources": ["jsc://a.js"], "revision": "1", "sharedFlows": [], "spec": "",
        "targetEndpoints": [], "targetServers": [], "targets": [], "type": "Application",
    }  # fmt: skip


async def test_each_import_makes_the_next_revision(api):
    await api.imported()
    assert (await api.imported()).json["revision"] == "2"
    assert (await api.get("/apis/hello/revisions")).text == '[ "1", "2" ]'
    shown = (await api.get("/apis/hello")).json
    assert (shown["name"], shown["revision"]) == ("hello", ["1", "2"])
    assert shown["metaData"]["subType"] == "null"
    assert (await api.get("/apis")).text == '[ "hello" ]'


async def test_a_multipart_import_takes_the_part_file(api):
    form = aiohttp.FormData()
    form.add_field("other", "x")
    form.add_field("file", bundle(), filename="b.zip", content_type="application/octet-stream")
    answer = await api.post("/apis?action=import&name=hello", form)
    assert (answer.status, answer.json["name"]) == (201, "hello")


async def test_a_multipart_body_without_a_final_boundary_is_taken(api):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="b.zip"\r\n\r\n'
        + bundle()
        + b"\r\n--b\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await api.post("/apis?action=import&name=hello", body, headers=headers)
    assert answer.status == 201, answer.text


async def test_a_multipart_body_without_file_is_400(api):
    form = aiohttp.FormData({"a": "b"}, default_to_multipart=True)
    answer = await api.post("/apis?action=import&name=hello", form)
    assert (answer.status, "file" in answer.message) == (400, True)


async def test_importing_under_a_name_sets_the_name_of_the_proxy(api):
    assert (await api.imported("renamed")).json["name"] == "renamed"
    assert (await api.get("/apis")).json == ["renamed"]


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "é", "x" * 256, "a;DROP TABLE proxies"])
async def test_a_name_that_is_none_is_400(api, name):
    from urllib.parse import quote

    answer = await api.imported(quote(name, safe=""))
    assert (answer.status, "name" in answer.message) == (400, True)


async def test_an_import_without_action_is_400(api):
    assert (await api.post("/apis?name=x", bundle())).status == 400


async def test_every_mistake_of_a_bundle_is_named_with_file_and_line(api):
    answer = await api.post("/apis?action=import&name=bad", broken_bundle())
    assert answer.status == 400
    lines = answer.message.splitlines()
    assert answer.json["contexts"] == lines
    assert any(line.startswith("apiproxy/proxies/default.xml:") for line in lines)
    assert len(lines) >= 2
    assert (await api.get("/apis")).json == []


async def test_an_unknown_policy_type_is_refused_at_import(api):
    answer = await api.imported(files={"apiproxy/policies/x.xml": '<NoSuchPolicy name="x"/>'})
    assert answer.status == 400
    assert "apiproxy/policies/x.xml:1" in answer.message


async def test_without_validation_a_broken_bundle_is_stored(api):
    answer = await api.post("/apis?action=import&name=bad&validate=false", broken_bundle())
    assert answer.status == 201
    assert (await api.get("/apis/bad/revisions/1")).status == 200


@pytest.mark.parametrize(
    "body", [b"", b"no zip", zipped({"x.txt": "x"}), zipped({"sharedflowbundle/a.xml": "<a/>"})]
)
async def test_what_is_no_bundle_is_400(api, body):
    assert (await api.post("/apis?action=import&name=x", body)).status == 400
    assert (await api.get("/apis")).json == []


async def test_a_bundle_over_15_mb_is_413(api):
    answer = await api.post("/apis?action=import&name=x", b"x" * (15 * 1024 * 1024 + 1))
    assert answer.status == 413


async def test_the_path_of_an_entry_cannot_leave_the_bundle(api):
    answer = await api.imported(files={"apiproxy/../../etc/passwd": "x"})
    assert (answer.status, "leads out" in answer.message) == (400, True)


async def test_the_export_is_the_bundle_that_was_imported(api):
    await api.imported()
    answer = await api.get("/apis/hello/revisions/1?format=bundle")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="hello_rev1.zip"'
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert "apiproxy/proxies/default.xml" in names


async def test_a_revision_is_shown(api):
    imported = await api.imported()
    assert (await api.get("/apis/hello/revisions/1")).json == imported.json


async def test_an_unknown_proxy_is_404_in_edges_words(api):
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/revisions"),
        ("GET", "/deployments"),
    ):
        answer = await api.call(method, f"/apis/X{path}")
        assert answer.status == 404
        assert answer.code == "messaging.config.beans.ApplicationDoesNotExist"
        assert answer.message == "APIProxy named X does not exist in organization demo"


@pytest.mark.parametrize("revision", ["2", "x", "99999999999999999999", "-1", "%00", "1%202"])
async def test_an_unknown_revision_is_404(api, revision):
    await api.imported()
    answer = await api.get(f"/apis/hello/revisions/{revision}")
    assert answer.status == (400 if revision == "%00" else 404)


async def test_delete_answers_with_the_deleted_proxy(api):
    await api.imported()
    answer = await api.delete("/apis/hello")
    assert (answer.status, answer.json["name"], answer.json["revision"]) == (200, "hello", ["1"])
    assert (await api.get("/apis/hello")).status == 404


async def test_a_deployed_proxy_cannot_be_deleted(api):
    await api.imported()
    await api.deployed("hello", 1)
    for path in ("/apis/hello", "/apis/hello/revisions/1"):
        answer = await api.delete(path)
        assert answer.status == 400
        assert "test" in answer.message and "undeploy" in answer.message


async def test_a_revision_is_deleted_and_its_number_not_used_again(api):
    await api.imported()
    await api.imported()
    answer = await api.delete("/apis/hello/revisions/2")
    assert (answer.status, answer.json["revision"]) == (200, "2")
    assert (await api.get("/apis/hello/revisions")).json == ["1"]
    assert (await api.imported()).json["revision"] == "3"


async def test_the_parts_of_a_revision_are_listed_and_shown(api):
    await api.imported()
    place = "/apis/hello/revisions/1"
    assert (await api.get(f"{place}/policies")).text == '[ "mark" ]'
    assert (await api.get(f"{place}/policies/mark")).json["policyType"] == "AssignMessage"
    assert (await api.get(f"{place}/proxies")).json == ["default"]
    assert (await api.get(f"{place}/targets")).json == []
    assert (await api.get(f"{place}/resources")).json == ["a.js"]
    assert (await api.get(f"{place}/resources?type=jsc&name=a.js")).content == b"var a = 1;"
    endpoint = (await api.get(f"{place}/proxies/default")).json
    assert endpoint["connection"]["basePath"] == "/hello"
    assert endpoint["connection"]["virtualHost"] == ["default"]
    assert endpoint["preFlow"]["request"]["children"][0]["step"]["name"] == "mark"
    assert endpoint["flows"][0]["condition"] == 'request.verb = "GET"'
    assert endpoint["routeRule"] == [{"empty": True, "name": "none"}]


@pytest.mark.parametrize("part", ["policies", "proxies", "targets"])
async def test_a_missing_part_is_404(api, part):
    await api.imported()
    assert (await api.get(f"/apis/hello/revisions/1/{part}/X")).status == 404
