"""Organizations, proxies with revisions, deployments."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.store.errors import AlreadyExists, Conflict, NotFound


async def add(store, name="weatherapi", archive=b"PK", kind="apiproxy"):
    paths = (("default", "/weather"),)
    return await store.proxies.add_revision(name, archive, paths, name, "", "ann", kind)


async def test_an_organization_has_its_environments_in_their_order(store) -> None:
    environments = await store.organizations.environments("demo")
    assert [environment.name for environment in environments] == ["test", "prod"]
    organization = await store.organizations.get("demo")
    assert organization.created_by == "admin"
    assert len(organization.properties) >= 2


async def test_an_organization_is_made_once(store) -> None:
    with pytest.raises(AlreadyExists):
        await store.organizations.create("demo", (), "ann")


async def test_properties_of_an_organization_are_replaced(store) -> None:
    await store.organizations.set_properties("demo", {"a": "1"}, "ann")
    found = await store.organizations.get("demo")
    assert (found.properties, found.last_modified_by) == ({"a": "1"}, "ann")


async def test_an_environment_is_added_once(store) -> None:
    await store.organizations.add_environment("demo", "stage", "ann")
    with pytest.raises(AlreadyExists):
        await store.organizations.add_environment("demo", "stage", "ann")
    with pytest.raises(NotFound):
        await store.organizations.add_environment("nobody", "stage", "ann")


async def test_revisions_count_up_from_one(store) -> None:
    assert [(await add(store)).number for _ in range(3)] == [1, 2, 3]
    assert (await store.proxies.get("weatherapi")).revisions == (1, 2, 3)


async def test_a_revision_number_is_never_given_twice(store) -> None:
    await add(store)
    await add(store)
    await store.proxies.delete_revision("weatherapi", 2)
    assert (await add(store)).number == 3


async def test_imports_at_the_same_time_get_different_numbers(store) -> None:
    revisions = await asyncio.gather(*(add(store) for _ in range(12)))
    assert sorted(revision.number for revision in revisions) == list(range(1, 13))


async def test_a_bundle_comes_back_byte_for_byte(store) -> None:
    archive = bytes(range(256)) * 5000
    await add(store, archive=archive)
    assert await store.proxies.archive("weatherapi", 1) == archive


async def test_a_revision_keeps_what_its_bundle_said(store, clock) -> None:
    await store.proxies.add_revision(
        "a", b"PK", (("default", "/a"), ("other", "/b/*")), "Ä title", "what it does", "ann"
    )
    found = await store.proxies.revision("a", 1)
    assert found.base_paths == (("default", "/a"), ("other", "/b/*"))
    assert (found.display_name, found.description) == ("Ä title", "what it does")
    assert (found.created_at, found.created_by) == (clock.at, "ann")


async def test_shared_flows_are_apart_from_proxies(store) -> None:
    await add(store, "same", b"proxy")
    await add(store, "same", b"flow", kind="sharedflowbundle")
    assert await store.proxies.names("sharedflowbundle") == ("same",)
    assert await store.proxies.archive("same", 1) == b"proxy"
    await store.proxies.delete("same", "sharedflowbundle")
    assert await store.proxies.names() == ("same",)


async def test_unknown_proxies_and_revisions_are_named(store) -> None:
    await add(store)
    with pytest.raises(NotFound, match="proxy 'nobody'"):
        await store.proxies.get("nobody")
    with pytest.raises(NotFound):
        await store.proxies.archive("weatherapi", 2)
    with pytest.raises(NotFound):
        await store.proxies.delete_revision("weatherapi", 2)
    with pytest.raises(NotFound):
        await store.proxies.delete("nobody")


async def test_what_is_deployed_cannot_be_deleted(store) -> None:
    await add(store)
    await store.deployments.put("test", "weatherapi", 1, "/", "ann", override=False)
    with pytest.raises(Conflict):
        await store.proxies.delete_revision("weatherapi", 1)
    with pytest.raises(Conflict):
        await store.proxies.delete("weatherapi")
    await store.deployments.remove("test", "weatherapi", 1)
    await store.proxies.delete("weatherapi")
    assert await store.proxies.names() == ()


async def test_a_deployment_tells_its_base_paths(store, clock) -> None:
    await add(store)
    await store.deployments.put("test", "weatherapi", 1, "/v1", "ann", override=False)
    (found,) = await store.deployments.all(environment="test")
    assert (found.proxy, found.revision, found.base_path) == ("weatherapi", 1, "/v1")
    assert found.base_paths == (("default", "/weather"),)
    assert found.deployed_at == clock.at
    assert await store.deployments.all(environment="prod") == ()


async def test_another_revision_needs_override(store) -> None:
    await add(store)
    await add(store)
    await store.deployments.put("test", "weatherapi", 1, "/", "ann", override=False)
    with pytest.raises(Conflict):
        await store.deployments.put("test", "weatherapi", 2, "/", "ann", override=False)
    assert await store.deployments.put("test", "weatherapi", 2, "/", "ann", override=True) == 1
    assert [one.revision for one in await store.deployments.all(proxy="weatherapi")] == [2]


async def test_deployments_at_the_same_time_leave_one(store) -> None:
    for _ in range(4):
        await add(store)
    await asyncio.gather(
        *(
            store.deployments.put("test", "weatherapi", number, "/", "ann", override=True)
            for number in (1, 2, 3, 4)
        )
    )
    assert len(await store.deployments.all()) == 1


async def test_only_what_exists_can_be_deployed(store) -> None:
    await add(store)
    for environment, proxy, revision in (
        ("nowhere", "weatherapi", 1),
        ("test", "nobody", 1),
        ("test", "weatherapi", 7),
    ):
        with pytest.raises(NotFound):
            await store.deployments.put(environment, proxy, revision, "/", "ann", override=True)
    with pytest.raises(NotFound):
        await store.deployments.remove("test", "weatherapi", None)


async def test_a_thousand_deployments_load_fast_at_the_start(store, place) -> None:
    from sqlalchemy import insert

    from gateway.store.tables import deployments, proxies, revisions

    history = store.proxies.created("ann")
    names = [f"proxy-{number}" for number in range(1000)]
    async with store.database.writing() as connection:
        await connection.execute(
            insert(proxies),
            [
                {"organization": "demo", "kind": "apiproxy", "name": name, "next_revision": 2,
                 "id": number + 1, **history}
                for number, name in enumerate(names)
            ],
        )  # fmt: skip
        await connection.execute(
            insert(revisions),
            [
                {"proxy_id": number + 1, "number": 1, "display_name": "", "description": "",
                 "base_paths": [["default", f"/{name}"]], "archive": b"x" * 10_000, **history}
                for number, name in enumerate(names)
            ],
        )  # fmt: skip
        await connection.execute(
            insert(deployments),
            [
                {"organization": "demo", "environment": "test", "proxy_id": number + 1,
                 "revision": 1, "base_path": "/", "deployed_at": 1, "deployed_by": "ann"}
                for number in range(1000)
            ],
        )  # fmt: skip
    start = time.process_time()
    assert len(await store.deployments.all(environment="test")) == 1000
    assert time.process_time() - start < 0.2
