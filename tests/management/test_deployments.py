"""Deployments in all their forms: reference/runtime/management-api.md section 3."""

import asyncio

import pytest

from tests.management.management_bundles import broken_bundle

SERVER = [
    {
        "status": "deployed",
        "type": ["message-processor"],
        "uUID": "00000000-0000-0000-0000-000000000000",
    }
]
CONFIGURATION = {"basePath": "/", "steps": []}


@pytest.fixture
async def two(api):
    """The proxy hello with two revisions."""
    await api.imported(mark="1")
    await api.imported(mark="2")
    return api


def serving(api, environment="test"):
    return dict(api.runtime.environments[environment].deployed())


async def test_a_deployment_is_answered_in_edges_shape(two):
    answer = await two.deployed("hello", 1)
    assert answer.status == 200
    assert answer.json == {
        "aPIProxy": "hello", "configuration": CONFIGURATION, "environment": "test", "name": "1",
        "organization": "demo", "revision": "1", "server": SERVER, "state": "deployed",
    }  # fmt: skip
    assert serving(two) == {"hello": "1"}
    assert serving(two, "prod") == {}


async def test_another_revision_without_override_is_a_conflict(two):
    await two.deployed("hello", 1)
    answer = await two.deployed("hello", 2)
    assert answer.status == 400
    assert answer.message == (
        "Path /hello conflicts with existing deployment path for revision 1 of the APIProxy "
        "hello in organization demo, environment test"
    )
    assert serving(two) == {"hello": "1"}


@pytest.mark.parametrize("as_form", [True, False])
async def test_override_replaces_and_names_what_it_replaced(two, as_form):
    await two.deployed("hello", 1)
    if as_form:
        answer = await two.post(
            "/environments/test/apis/hello/revisions/2/deployments",
            b"action=deploy&override=true&delay=60",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    else:
        answer = await two.deployed("hello", 2, query="?override=true&delay=60")
    assert answer.status == 200
    states = [(e["revision"], e["state"]) for e in answer.json["environment"]]
    assert states == [("2", "deployed"), ("1", "undeployed")]
    assert (answer.json["aPIProxy"], answer.json["organization"]) == ("hello", "demo")
    assert serving(two) == {"hello": "2"}


async def test_override_with_the_same_revision_deploys_it_anew(two):
    await two.deployed("hello", 1)
    answer = await two.deployed("hello", 1, query="?override=true")
    assert (answer.status, answer.json["state"]) == (200, "deployed")


async def test_a_base_path_is_put_before_those_of_the_bundle(two):
    answer = await two.deployed("hello", 1, query="?basepath=/v1")
    assert answer.json["configuration"]["basePath"] == "/v1"
    shown = await two.get("/environments/test/apis/hello/revisions/1/deployments")
    assert shown.json["configuration"]["basePath"] == "/v1"


@pytest.mark.parametrize("base_path", ["v1", "/a%20b", "/a%3Fb", "/" + "x" * 1100])
async def test_what_is_no_base_path_is_400(two, base_path):
    answer = await two.deployed("hello", 1, query=f"?basepath={base_path}")
    assert (answer.status, "basepath" in answer.message) == (400, True)


async def test_a_base_path_of_another_proxy_is_a_conflict_that_names_it(two):
    await two.imported("other")
    await two.deployed("hello", 1)
    answer = await two.deployed("other", 1, query="?override=true")
    assert answer.status == 400
    assert "revision 1 of the APIProxy hello" in answer.message
    assert await two.store.deployments.all(proxy="other") == ()


async def test_a_revision_that_does_not_compile_leaves_the_running_one(two):
    await two.deployed("hello", 1)
    await two.post("/apis?action=import&name=hello&validate=false", broken_bundle())
    answer = await two.deployed("hello", 3, query="?override=true")
    assert answer.status == 400
    assert "apiproxy/policies/other.xml:1" in answer.message
    assert answer.json["contexts"] == answer.message.splitlines()
    assert serving(two) == {"hello": "1"}
    (stored,) = await two.store.deployments.all()
    assert stored.revision == 1


async def test_a_store_that_fails_leaves_the_running_revision(two, monkeypatch):
    await two.deployed("hello", 1)

    async def fail(*_args, **_options):
        raise RuntimeError("the disk is full of secrets")

    monkeypatch.setattr(type(two.store.deployments), "put", fail)
    answer = await two.deployed("hello", 2, query="?override=true")
    assert answer.status == 500
    assert "secrets" not in answer.text and "Traceback" not in answer.text
    assert serving(two) == {"hello": "1"}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/environments/no/apis/hello/revisions/1", "EnvironmentDoesNotExist"),
        ("/environments/test/apis/no/revisions/1", "ApplicationDoesNotExist"),
        ("/environments/test/apis/hello/revisions/9", "ApplicationRevisionDoesNotExist"),
    ],
)
async def test_unknown_names_are_404(two, path, code):
    for method in ("POST", "DELETE", "GET"):
        answer = await two.call(method, f"{path}/deployments")
        assert (answer.status, answer.code) == (404, f"messaging.config.beans.{code}")


async def test_undeploying_answers_with_the_state(two):
    await two.deployed("hello", 1)
    answer = await two.delete("/environments/test/apis/hello/revisions/1/deployments")
    assert (answer.status, answer.json["state"]) == (200, "undeployed")
    assert answer.json["server"][0]["status"] == "undeployed"
    assert serving(two) == {}


async def test_undeploying_what_does_not_serve_is_400(two):
    await two.deployed("hello", 1)
    answer = await two.delete("/environments/test/apis/hello/revisions/2/deployments")
    assert (answer.status, answer.code) == (400, "distribution.RevisionNotDeployed")
    assert serving(two) == {"hello": "1"}


async def test_the_old_form_deploys_and_undeploys_by_action(two):
    place = "/apis/hello/revisions/1/deployments"
    assert (await two.post(f"{place}?action=deploy&env=test")).json["state"] == "deployed"
    answer = await two.post(f"{place}?action=undeploy&env=test&force=true")
    assert (answer.status, answer.json["state"]) == (200, "undeployed")
    assert (await two.post(f"{place}?action=deploy&env=no")).status == 404
    assert (await two.post(f"{place}?action=dance&env=test")).status == 400


async def test_the_deployments_of_a_revision(two):
    await two.deployed("hello", 1)
    answer = (await two.get("/apis/hello/revisions/1/deployments")).json
    assert (answer["aPIProxy"], answer["name"], answer["organization"]) == ("hello", "1", "demo")
    assert [(e["name"], e["state"]) for e in answer["environment"]] == [("test", "deployed")]


async def test_the_deployments_of_a_proxy(two):
    assert (await two.get("/apis/hello/deployments")).json["environment"] == []
    await two.deployed("hello", 1)
    await two.deployed("hello", 2, "prod")
    answer = (await two.get("/apis/hello/deployments")).json
    assert answer == {
        "environment": [
            {"name": name, "revision": [
                {"configuration": CONFIGURATION, "name": number, "server": SERVER,
                 "state": "deployed"}]}
            for name, number in (("prod", "2"), ("test", "1"))
        ],
        "name": "hello", "organization": "demo",
    }  # fmt: skip


async def test_the_deployments_of_a_proxy_in_an_environment(two):
    missing = await two.get("/environments/test/apis/hello/deployments")
    assert (missing.status, missing.code) == (400, "distribution.ApplicationNotDeployed")
    await two.deployed("hello", 1)
    answer = (await two.get("/environments/test/apis/hello/deployments")).json
    assert (answer["environment"], answer["name"]) == ("test", "hello")
    assert [(r["name"], r["state"]) for r in answer["revision"]] == [("1", "deployed")]


async def test_the_deployments_of_an_environment_and_of_all(two):
    await two.deployed("hello", 1)
    answer = (await two.get("/environments/test/deployments")).json
    assert (answer["name"], answer["organization"]) == ("test", "demo")
    assert answer["aPIProxy"][0]["revision"][0]["name"] == "1"
    every = (await two.get("/deployments")).json
    assert [e["name"] for e in every["environment"] if e["aPIProxy"]] == ["test"]


async def test_one_deployment_is_shown_or_400(two):
    await two.deployed("hello", 1)
    answer = await two.get("/environments/test/apis/hello/revisions/1/deployments")
    assert (answer.json["name"], answer.json["state"]) == ("1", "deployed")
    other = await two.get("/environments/test/apis/hello/revisions/2/deployments")
    assert (other.status, other.code) == (400, "distribution.RevisionNotDeployed")


async def test_deployments_at_the_same_time_take_turns(two):
    calls = [two.deployed("hello", n % 2 + 1, query="?override=true") for n in range(12)]
    answers = await asyncio.gather(*calls)
    assert {answer.status for answer in answers} == {200}
    (stored,) = await two.store.deployments.all()
    assert serving(two) == {"hello": str(stored.revision)}


async def test_the_short_forms_of_paths_do_the_same(two):
    answer = await two.post("/v1/o/demo/e/test/apis/hello/revisions/1/deployments")
    assert answer.status == 200
    for path in (
        "/v1/o/demo/environments/test/apis/hello/deployments",
        "/v1/organizations/demo/e/test/apis/hello/deployments",
    ):
        assert (await two.get(path)).status == 200


async def test_a_wrong_override_is_400(two):
    answer = await two.deployed("hello", 1, query="?override=perhaps")
    assert (answer.status, "override" in answer.message) == (400, True)
