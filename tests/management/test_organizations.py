"""Organization, environments, virtual hosts: reference/runtime/management-api.md section 1."""

import pytest


async def test_the_organization_is_shown_with_two_properties_at_least(api):
    answer = await api.get("")
    organization = answer.json
    assert (organization["name"], organization["environments"]) == ("demo", ["test", "prod"])
    properties = {item["name"]: item["value"] for item in organization["properties"]["property"]}
    assert properties["features.isCpsEnabled"] == "true"
    assert len(properties) >= 2
    assert (await api.get("/v1/organizations")).text == '[ "demo" ]'


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_properties_are_not_for_administrators_to_change(api, method):
    assert (await api.call(method, "", {"properties": {"property": []}})).status == 403


@pytest.mark.parametrize("path", ["", "/apis", "/developers/a@b.c", "/environments/test"])
async def test_an_unknown_organization_is_404(api, path):
    for prefix in ("/v1/organizations/other", "/v1/o/other"):
        answer = await api.get(prefix + path)
        assert answer.status == 404
        assert answer.code == "messaging.config.beans.OrganizationDoesNotExist"


async def test_environments_are_listed_and_shown(api):
    assert (await api.get("/environments")).text == '[ "test", "prod" ]'
    assert (await api.get("/v1/o/demo/e")).json == ["test", "prod"]
    environment = (await api.get("/environments/test")).json
    assert (environment["name"], environment["properties"]) == ("test", {"property": []})


async def test_an_unknown_environment_is_404(api):
    for path in ("", "/deployments", "/virtualhosts", "/virtualhosts/default"):
        answer = await api.get(f"/environments/no{path}")
        assert answer.status == 404
        assert answer.code == "messaging.config.beans.EnvironmentDoesNotExist"


async def test_both_virtual_hosts_are_the_environments_listener(api):
    assert (await api.get("/environments/test/virtualhosts")).text == '[ "default", "secure" ]'
    for name in ("default", "secure"):
        shown = (await api.get(f"/environments/test/virtualhosts/{name}")).json
        assert shown == {
            "hostAliases": ["127.0.0.1"], "interfaces": [], "listenOptions": [],
            "name": name, "port": "9001",
        }  # fmt: skip
    assert (await api.get("/environments/test/virtualhosts/other")).status == 404
