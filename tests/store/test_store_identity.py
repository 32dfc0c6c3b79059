"""Products, developers, apps and keys: what the management API keeps."""

from __future__ import annotations

import asyncio

import pytest

from gateway.store.errors import AlreadyExists, Conflict, NotFound, Unstorable

# -- products


async def test_a_product_keeps_every_field(store, clock) -> None:
    fields = {
        "display_name": "Premium",
        "description": "Ä description",
        "approval_type": "manual",
        "environments": ("test",),
        "proxies": ("weatherapi", "not-there-yet"),
        "resources": ("/**", "/a/*"),
        "scopes": ("READ", ""),
        "quota": "100",
        "quota_interval": "1",
        "quota_time_unit": "minute",
        "attributes": (("access", "public"), ("b", "")),
    }
    product = await store.products.create("P", "ann", **fields)
    assert await store.products.get("P") == product
    assert {name: getattr(product, name) for name in fields} == fields
    assert (product.created_at, product.created_by) == (clock.at, "ann")


async def test_what_a_client_sends_beyond_edges_fields_is_kept(store) -> None:
    group = {"operationConfigs": [{"apiSource": "a", "operations": [{"resource": "/"}]}]}
    await store.products.create("P", "ann", extra={"operationGroup": group})
    assert await store.products.extra("P") == {"operationGroup": group}


async def test_a_product_is_made_once_and_changed(store, clock) -> None:
    await store.products.create("P", "ann", scopes=("A",))
    with pytest.raises(AlreadyExists, match="product 'P'"):
        await store.products.create("P", "ann")
    clock.at += 5
    product = await store.products.update("P", "bob", scopes=("B",))
    assert (product.scopes, product.display_name) == (("B",), "P")
    assert (product.last_modified_at, product.last_modified_by) == (clock.at, "bob")
    assert product.created_by == "ann"


async def test_an_unknown_product_is_named(store) -> None:
    for call in (
        store.products.get("x"),
        store.products.update("x", "ann"),
        store.products.delete("x"),
    ):
        with pytest.raises(NotFound, match="product 'x'"):
            await call


async def test_a_product_that_a_key_has_cannot_be_deleted(world) -> None:
    with pytest.raises(Conflict):
        await world.store.products.delete(world.product)
    await world.store.keys.delete(world.key)
    await world.store.products.delete(world.product)
    assert await world.store.products.names() == ()


async def test_a_field_that_no_product_has_is_a_mistake_of_the_caller(store) -> None:
    with pytest.raises(TypeError, match="color"):
        await store.products.create("P", "ann", color="blue")


# -- developers


async def test_a_developer_is_known_by_email_and_by_id(store) -> None:
    made = await store.developers.create("a@b", "A", "B", "ab", "ann", (("k", "v"),))
    assert await store.developers.get("a@b") == await store.developers.get(made.developer_id)
    assert (made.status, made.apps, made.attributes) == ("active", (), (("k", "v"),))


async def test_an_email_is_taken_once(store) -> None:
    await store.developers.create("a@b", "A", "B", "ab", "ann")
    await store.developers.create("c@d", "A", "B", "ab", "ann")
    with pytest.raises(AlreadyExists):
        await store.developers.create("a@b", "C", "D", "cd", "ann")
    with pytest.raises(AlreadyExists):
        await store.developers.update("c@d", "ann", email="a@b")


async def test_a_developer_may_get_another_email(store) -> None:
    made = await store.developers.create("a@b", "A", "B", "ab", "ann")
    await store.developers.update("a@b", "ann", email="new@b", first_name="N")
    found = await store.developers.get("new@b")
    assert (found.developer_id, found.first_name) == (made.developer_id, "N")
    with pytest.raises(NotFound):
        await store.developers.get("a@b")


async def test_deleting_a_developer_deletes_apps_keys_and_tokens(world) -> None:
    await world.issue("a-token")
    deleted = await world.store.developers.delete("ann@example.com")
    assert deleted.apps == ("weatherapp",)
    assert await world.store.apps.ids() == ()
    with pytest.raises(NotFound):
        await world.store.keys.get(world.key)
    assert await world.store.tokens.load("a-token") is None


async def test_developers_are_listed_with_their_apps(world) -> None:
    await world.store.apps.create(world.developer_id, "another", "ann")
    await world.store.developers.create("z@z", "Z", "Z", "z", "ann")
    found = {one.email: one.apps for one in await world.store.developers.all()}
    assert found == {"ann@example.com": ("another", "weatherapp"), "z@z": ()}


# -- apps


async def test_an_app_is_known_by_id_and_by_name(world) -> None:
    by_id = await world.store.apps.get(world.app_id)
    assert by_id == await world.store.apps.find(world.developer_id, "weatherapp")
    assert by_id.developer_id == world.developer_id
    assert [one.consumer_key for one in by_id.credentials] == ["key-1"]


async def test_names_of_apps_are_each_developers_own(world) -> None:
    other = await world.store.developers.create("z@z", "Z", "Z", "z", "ann")
    await world.store.apps.create(other.developer_id, "weatherapp", "ann")
    with pytest.raises(AlreadyExists, match="app 'weatherapp'"):
        await world.store.apps.create(world.developer_id, "weatherapp", "ann")
    with pytest.raises(NotFound, match="developer"):
        await world.store.apps.create("no-such-id", "app", "ann")


async def test_deleting_an_app_deletes_its_keys_and_tokens(world) -> None:
    await world.issue("a-token")
    await world.store.apps.delete(world.app_id)
    with pytest.raises(NotFound):
        await world.store.keys.get(world.key)
    assert await world.store.tokens.load("a-token") is None
    with pytest.raises(NotFound):
        await world.store.apps.delete(world.app_id)


async def test_apps_without_keys_are_listed_too(world) -> None:
    await world.store.apps.create(world.developer_id, "bare", "ann", scopes=("A",))
    found = {one.app.name: len(one.credentials) for one in await world.store.apps.all()}
    assert found == {"weatherapp": 1, "bare": 0}
    assert len(await world.store.apps.all(world.developer_id)) == 2
    assert await world.store.apps.all("nobody") == ()


async def test_listing_many_apps_takes_two_statements(world) -> None:
    from sqlalchemy import event

    for number in range(20):
        app = await world.store.apps.create(world.developer_id, f"app-{number}", "ann")
        await world.store.keys.create(app.app.app_id, f"key-of-{number}", "s")
    statements: list[str] = []
    engine = world.store.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len(await world.store.apps.all()) == 21
    assert len([one for one in statements if one.startswith("SELECT")]) == 2


# -- keys


async def test_a_secret_can_be_read_again(world) -> None:
    found = await world.store.keys.get(world.key)
    assert found.consumer_secret == world.secret
    assert (found.status, found.expires_at) == ("approved", -1)
    assert found.app.name == "weatherapp"
    assert found.developer.email == "ann@example.com"


async def test_a_key_belongs_to_its_app_only(world) -> None:
    other = await world.store.apps.create(world.developer_id, "other", "ann")
    with pytest.raises(NotFound):
        await world.store.keys.get(world.key, other.app.app_id)
    with pytest.raises(AlreadyExists, match="key 'key-1'"):
        await world.store.keys.create(other.app.app_id, world.key, "s")
    with pytest.raises(NotFound, match="app"):
        await world.store.keys.create("no-such-app", "key-2", "s")


async def test_a_key_with_an_unknown_product_is_not_made(world) -> None:
    with pytest.raises(NotFound, match="product 'nothing'"):
        await world.store.keys.create(world.app_id, "key-2", "s", product_names=("nothing",))
    with pytest.raises(NotFound):
        await world.store.keys.get("key-2")


async def test_a_product_with_manual_approval_starts_pending(world) -> None:
    await world.store.products.create("Manual", "ann", approval_type="manual")
    found = await world.store.keys.add_products(world.key, ("Manual", world.product))
    assert [(one.product.name, one.status) for one in found.products] == [
        ("PremiumWeatherAPI", "approved"),
        ("Manual", "pending"),
    ]
    await world.store.keys.set_product_status(world.key, "Manual", "approved")
    assert (await world.store.keys.get(world.key)).products[1].status == "approved"


async def test_products_of_a_key_are_replaced_and_removed(world) -> None:
    await world.store.products.create("B", "ann")
    await world.store.keys.set_product_status(world.key, world.product, "revoked")
    found = await world.store.keys.replace_products(world.key, ("B", world.product))
    assert {one.product.name: one.status for one in found.products} == {
        "B": "approved",
        world.product: "revoked",
    }
    left = await world.store.keys.remove_product(world.key, world.product)
    assert [one.product.name for one in left.products] == ["B"]
    with pytest.raises(NotFound):
        await world.store.keys.remove_product(world.key, world.product)


async def test_products_added_at_the_same_time_are_all_there(world) -> None:
    names = tuple(f"product-{number}" for number in range(8))
    for name in names:
        await world.store.products.create(name, "ann")
    await asyncio.gather(*(world.store.keys.add_products(world.key, (n, names[0])) for n in names))
    found = await world.store.keys.get(world.key)
    assert {one.product.name for one in found.products} == {world.product, *names}


async def test_a_key_is_changed_and_deleted(world) -> None:
    changed = await world.store.keys.update(
        world.key, scopes=("A",), attributes=(("a", "b"),), expires_at=5
    )
    assert (changed.scopes, changed.attributes, changed.expires_at) == (("A",), (("a", "b"),), 5)
    await world.store.keys.set_status(world.key, "revoked")
    deleted = await world.store.keys.delete(world.key)
    assert (deleted.status, deleted.consumer_secret) == ("revoked", world.secret)
    for call in (
        world.store.keys.delete(world.key),
        world.store.keys.update(world.key, status="approved"),
        world.store.keys.add_products(world.key, ()),
        world.store.keys.set_product_status(world.key, world.product, "approved"),
    ):
        with pytest.raises(NotFound):
            await call


# -- values


NAUGHTY = ("'; DROP TABLE apps; --", "%_\\", "naïve 漢字 🌦", "a" * 200, " ", '{"a": [1]}')


async def test_any_text_comes_back_as_it_was(world) -> None:
    for text in NAUGHTY:
        made = await world.store.apps.create(
            world.developer_id, text, "ann", callback_url=text, attributes=((text, text),)
        )
        found = await world.store.apps.find(world.developer_id, text)
        assert found == made
        assert (found.app.callback_url, found.app.attributes) == (text, ((text, text),))


async def test_half_a_surrogate_pair_is_refused(world) -> None:
    for text in ("\ud800", "a\udcff"):
        with pytest.raises(Unstorable):
            await world.store.apps.create(world.developer_id, text, "ann")
    assert len(await world.store.apps.all()) == 1


async def test_organizations_do_not_see_each_other(world, place, clock) -> None:
    from gateway.store import Store

    await world.store.organizations.create("other", ("test",), "ann")
    other = await Store.open(place.url, place.data_dir, "other", clock=clock, schema=place.schema)
    try:
        assert await other.apps.ids() == ()
        assert await other.developers.emails() == ()
        assert await other.credentials.load(world.key) is None
        with pytest.raises(NotFound):
            await other.apps.get(world.app_id)
        with pytest.raises(NotFound):
            await other.tokens.revoke_app(world.app_id)
    finally:
        await other.close()
