"""The envelope of errors, odd paths and bodies, and strings that mean harm."""

import json
from urllib.parse import quote

import pytest

NAUGHTY = [
    "'; DROP TABLE developers; --", '" OR "1"="1', "../../etc/passwd", "..%2f..", "%s%n%x",
    "${jndi:ldap://x}", "{{7*7}}", "<script>alert(1)</script>", "Ω≈ç√∫˜µ≤≥÷", "田中さん", "👾🙇",
    "\u202etest", "\ufeff", "null", "undefined", "NaN", "1e309", "-1", "\\", "`id`", "$(id)",
    "a\tb", "x" * 255, "ﷺ" * 40, "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "٠١٢", "\u2028",
]  # fmt: skip


async def test_an_unknown_path_is_404_in_the_envelope(api):
    answer = await api.get("/v1/organizations/demo/nothing")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/json")
    assert set(answer.json) == {"code", "message", "contexts"}
    assert (await api.get("/v1/organizations/demo/apis/a/b/c/d")).status == 404


async def test_an_unknown_method_is_405_with_allow(api):
    answer = await api.call("PATCH", "/developers")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"{'a':1}", b"\xff", b'{"a":"\\ud800"}'])
async def test_what_is_no_json_object_is_400(api, body):
    answer = await api.post("/developers", body, headers={"Content-Type": "application/json"})
    assert (answer.status, "JSON" in answer.message) == (400, True)


async def test_deeply_nested_json_is_400(api):
    body = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    answer = await api.post("/apiproducts", body, headers={"Content-Type": "application/json"})
    assert answer.status == 400


async def test_another_media_type_is_415(api):
    answer = await api.post("/developers", b"<a/>", headers={"Content-Type": "application/xml"})
    assert answer.status == 415


async def test_json_over_a_megabyte_is_413(api):
    body = json.dumps({"name": "x" * (1024 * 1024)}).encode()
    answer = await api.post("/apiproducts", body, headers={"Content-Type": "application/json"})
    assert answer.status == 413


@pytest.mark.parametrize(
    "path", ["/developers/a%00b", "/apis/a%0Ab", "/apiproducts?startKey=%00", "/apps/%1f"]
)
async def test_control_characters_in_uris_are_400(api, path):
    assert (await api.get(path)).status == 400


@pytest.mark.parametrize("path", ["/developers/%FF%FE", "/apiproducts/" + "x" * 5000, "/apis/.."])
async def test_odd_names_in_uris_are_not_found(api, path):
    assert (await api.get(path)).status == 404


async def test_naughty_strings_are_kept_as_they_are_or_refused_with_400(api):
    await api.product()
    for number, text in enumerate(NAUGHTY):
        product = {
            "name": text, "displayName": text, "description": text, "scopes": [text],
            "proxies": [text], "attributes": [{"name": text, "value": text}],
        }  # fmt: skip
        made = await api.post("/apiproducts", product)
        assert made.status in (201, 400)
        if made.status == 201:
            assert {name: made.json[name] for name in product} == product
            assert text in (await api.get("/apiproducts")).json
        names = {"firstName": text, "lastName": text, "userName": text}
        email = f"{number}@b.c"
        developer = await api.post("/developers", {"email": email, **names})
        assert developer.status in (201, 400)
        if developer.status == 400:
            continue
        assert {name: developer.json[name] for name in names} == names
        body = {"name": text, "apiProducts": ["P"], "callbackUrl": text}
        app = await api.post(f"/developers/{email}/apps", body)
        assert app.status in (201, 400)
        if app.status == 201:
            assert (await api.get(f"/apps/{app.json['appId']}")).json["name"] == text


async def test_naughty_strings_in_paths_find_nothing_and_break_nothing(api):
    for text in NAUGHTY:
        name = quote(text, safe="")
        for path in (
            f"/developers/{name}", f"/apiproducts/{name}", f"/apis/{name}", f"/apps/{name}",
            f"/apis/{name}/revisions/{name}", f"/environments/{name}",
            f"/developers?startKey={name}",
        ):  # fmt: skip
            assert (await api.get(path)).status in (200, 400, 404)


async def test_an_unexpected_failure_is_500_with_a_reference_and_no_internals(
    api, monkeypatch, caplog
):
    async def fail(*_args):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(type(api.store.developers), "emails", fail)
    answer = await api.get("/developers")
    assert answer.status == 500
    assert "hunter2" not in answer.text and "Traceback" not in answer.text
    reference = answer.message.rpartition(" ")[2]
    assert reference in caplog.text


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
async def test_pages_of_other_sites_cannot_write(api, headers):
    assert (await api.post("/developers", {}, headers=headers)).status == 403
    assert (await api.get("/developers", headers={"Sec-Fetch-Site": "cross-site"})).status == 200


async def test_answers_are_not_stored_by_caches(api):
    assert (await api.get("/developers")).headers["Cache-Control"] == "no-store"
