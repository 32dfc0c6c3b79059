"""Tokens and credentials against a model: whatever happens in whatever order, beside
whatever loads, memory says what is true or nothing.

Memory is kept small, so that entries come and go; each example has an organization of
its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway.ports.identity import UNKNOWN, Credential
from gateway.ports.tokens import NewToken, Token
from gateway.store import Store
from gateway.store.errors import AlreadyExists, Conflict, NotFound

NOTHING = "nothing"
DEVELOPERS, APPS, KEYS, PRODUCTS = ("d1", "d2"), ("a1", "a2", "a3"), ("k1", "k2"), ("p1", "p2")
TOKENS, REFRESH_TOKENS = ("t1", "t2", "t3", "t4", "t5"), ("r1", "r2", "r3")
REFUSALS = (NotFound, AlreadyExists, Conflict)
developers, apps, keys = map(st.sampled_from, (DEVELOPERS, APPS, KEYS))
products, tokens, refresh_tokens = map(st.sampled_from, (PRODUCTS, TOKENS, REFRESH_TOKENS))
statuses = st.sampled_from(["approved", "revoked"])
product_sets = st.lists(products, unique=True).map(tuple)
_numbers = count()


@dataclass
class AppModel:
    app_id: str
    developer: str
    status: str = "approved"


@dataclass
class KeyModel:
    app: str
    status: str = "approved"
    products: dict[str, str] = field(default_factory=dict)
    """The status of each product, in the order of their coming."""


@dataclass
class TokenModel:
    key: str
    app_id: str
    refresh_token: str | None
    status: str = "approved"
    refresh_status: str = "approved"


class StoreAgainstModel(RuleBasedStateMachine):
    """One store beside dicts. Rules do the same to both; refusals must agree."""

    place: Any

    @initialize(credentials=st.integers(1, 3), tokens=st.integers(2, 6), warm=st.booleans())
    def open(self, credentials: int, tokens: int, warm: bool) -> None:
        self.loop = asyncio.new_event_loop()
        self.organization = f"organization-{next(_numbers)}"
        self.developers: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.apps: dict[str, AppModel] = {}
        self.keys: dict[str, KeyModel] = {}
        self.products: dict[str, str] = {}
        self.tokens: dict[str, TokenModel] = {}
        self.is_racing, self.is_warm, self.turn = False, warm, False
        self.capacities = credentials, tokens
        self.store: Store = self.run(
            Store.open(
                self.place.url,
                self.place.data_dir,
                self.organization,
                schema=self.place.schema,
                cached_credentials=credentials,
                cached_tokens=tokens,
            )
        )
        self.run(self.store.organizations.create(self.organization, ("test",), "ann"))
        self.populate()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.store.close())
            self.loop.close()

    # -- doing

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def does(self, work: Coroutine[Any, Any, Any]) -> Any:
        """The answer of the store, None when it refuses; with loads beside it where the
        example races."""

        async def race() -> Any:
            doing = asyncio.ensure_future(work)
            while not doing.done():
                loads = [self.store.tokens.load(name) for name in TOKENS]
                loads += [self.store.credentials.load(name) for name in KEYS]  # type: ignore[misc]
                waiting = asyncio.gather(*loads)
                await asyncio.wait([doing, waiting], return_when=asyncio.FIRST_COMPLETED)
                if doing.done():
                    break
                await waiting
            await waiting
            return doing.result()

        try:
            return self.run(race() if self.is_racing else work)
        except REFUSALS:
            return None

    def drop_app(self, name: str) -> None:
        app_id = self.apps.pop(name).app_id
        self.keys = {key: model for key, model in self.keys.items() if model.app != name}
        self.tokens = {t: model for t, model in self.tokens.items() if model.app_id != app_id}

    # -- rules

    @rule()
    def populate(self) -> None:
        """Make what is missing: in an empty world most steps would do nothing."""
        for name in PRODUCTS:
            self.put_product(name, "1")
        for developer, app, key in zip(DEVELOPERS, APPS, KEYS, strict=False):
            self.create_developer(developer)
            self.create_app(app, developer)
            self.create_key(key, app, PRODUCTS)
        for name, key, refresh_token in zip(TOKENS, KEYS, REFRESH_TOKENS, strict=False):
            self.issue(name, key, refresh_token)

    @rule(racing=st.booleans(), warm=st.sampled_from([True, True, False]))
    def load_differently(self, racing: bool, warm: bool) -> None:
        self.is_racing, self.is_warm = racing, warm

    @rule(name=developers)
    def create_developer(self, name: str) -> None:
        made = self.does(self.store.developers.create(name, "A", "B", name, "ann"))
        assert (made is None) == (name in self.developers)
        if made is not None:
            self.developers[name], self.ids[name] = "active", made.developer_id

    @rule(name=developers, status=st.sampled_from(["active", "inactive"]))
    def set_developer_status(self, name: str, status: str) -> None:
        self.does(self.store.developers.set_status(name, status, "ann"))
        if name in self.developers:
            self.developers[name] = status

    @rule(name=developers)
    def delete_developer(self, name: str) -> None:
        self.does(self.store.developers.delete(name))
        self.developers.pop(name, None)
        for app in [app for app, model in self.apps.items() if model.developer == name]:
            self.drop_app(app)

    @rule(name=apps, developer=developers)
    def create_app(self, name: str, developer: str) -> None:
        if developer in self.developers and name not in self.apps:
            made = self.does(self.store.apps.create(self.ids[developer], name, "ann"))
            self.apps[name] = AppModel(made.app.app_id, developer)

    @rule(name=apps, status=statuses)
    def set_app_status(self, name: str, status: str) -> None:
        if name in self.apps:
            self.does(self.store.apps.set_status(self.apps[name].app_id, status, "ann"))
            self.apps[name].status = status

    @rule(name=apps)
    def delete_app(self, name: str) -> None:
        if name in self.apps:
            assert self.does(self.store.apps.delete(self.apps[name].app_id)) is not None
            self.drop_app(name)

    @rule(name=products, quota=st.sampled_from(["1", "2"]))
    def put_product(self, name: str, quota: str) -> None:
        change = self.store.products.update if name in self.products else self.store.products.create
        assert self.does(change(name, "ann", quota=quota)) is not None
        self.products[name] = quota

    @rule(name=products)
    def delete_product(self, name: str) -> None:
        self.does(self.store.products.delete(name))
        if not any(name in key.products for key in self.keys.values()):
            self.products.pop(name, None)

    @rule(name=keys, app=apps, wanted=product_sets)
    def create_key(self, name: str, app: str, wanted: tuple[str, ...]) -> None:
        if app not in self.apps:
            return
        app_id = self.apps[app].app_id
        made = self.does(self.store.keys.create(app_id, name, "s", product_names=wanted))
        possible = name not in self.keys and set(wanted) <= self.products.keys()
        assert (made is not None) == possible
        if possible:
            self.keys[name] = KeyModel(app, products=dict.fromkeys(wanted, "approved"))

    @rule(name=keys, status=statuses)
    def set_key_status(self, name: str, status: str) -> None:
        self.does(self.store.keys.set_status(name, status))
        if name in self.keys:
            self.keys[name].status = status

    @rule(name=keys)
    def delete_key(self, name: str) -> None:
        assert (self.does(self.store.keys.delete(name)) is None) == (name not in self.keys)
        self.keys.pop(name, None)

    @rule(name=keys, product=products, status=statuses)
    def set_product_status(self, name: str, product: str, status: str) -> None:
        self.does(self.store.keys.set_product_status(name, product, status))
        if name in self.keys and product in self.keys[name].products:
            self.keys[name].products[product] = status

    @rule(name=keys, wanted=product_sets)
    def replace_products(self, name: str, wanted: tuple[str, ...]) -> None:
        done = self.does(self.store.keys.replace_products(name, wanted))
        assert (done is not None) == (name in self.keys and set(wanted) <= self.products.keys())
        if done is not None:
            before = self.keys[name].products
            kept = {product: status for product, status in before.items() if product in wanted}
            new = {product: "approved" for product in wanted if product not in kept}
            self.keys[name].products = kept | new

    @rule(name=tokens, key=keys, refresh_token=st.none() | refresh_tokens)
    def issue(self, name: str, key: str, refresh_token: str | None) -> None:
        if key in self.keys and not self.is_refresh_token(refresh_token):
            new = self.new_token(name, key, refresh_token)
            self.does(self.store.tokens.issue(new))
            self.tokens.setdefault(name, TokenModel(key, new.app_id, refresh_token))

    @rule(old=refresh_tokens, name=tokens, key=keys, new=refresh_tokens)
    def refresh(self, old: str, name: str, key: str, new: str) -> None:
        if key not in self.keys or (new != old and self.is_refresh_token(new)):
            return
        token = self.new_token(name, key, new)
        done = self.does(self.store.tokens.refresh(old, token))
        replaced = [t for t, model in self.tokens.items() if model.refresh_token == old]
        usable = [t for t in replaced if self.tokens[t].refresh_status == "approved"]
        if usable and (name not in self.tokens or name in usable):
            assert done is True
            del self.tokens[usable[0]]
            self.tokens[name] = TokenModel(key, token.app_id, new)
        else:
            assert not done

    @rule(name=tokens, status=statuses, cascade=st.booleans())
    def set_token_status(self, name: str, status: str, cascade: bool) -> None:
        done = self.does(self.store.tokens.set_status(name, "accesstoken", status, cascade))
        assert done == (name in self.tokens)
        if done:
            self.tokens[name].status = status
            if cascade:
                self.tokens[name].refresh_status = status

    @rule(name=refresh_tokens, status=statuses, cascade=st.booleans())
    def set_refresh_status(self, name: str, status: str, cascade: bool) -> None:
        done = self.does(self.store.tokens.set_status(name, "refreshtoken", status, cascade))
        assert done == self.is_refresh_token(name)
        for model in self.tokens.values():
            if model.refresh_token == name:
                model.refresh_status = status
                if cascade:
                    model.status = status

    @rule(name=apps, cascade=st.booleans())
    def revoke_app(self, name: str, cascade: bool) -> None:
        if name in self.apps:
            app_id = self.apps[name].app_id
            done = self.does(self.store.tokens.revoke_app(app_id, cascade=cascade))
            mine = [model for model in self.tokens.values() if model.app_id == app_id]
            assert done == len(mine)
            for model in mine:
                model.status = "revoked"
                model.refresh_status = "revoked" if cascade else model.refresh_status

    # -- asking

    @rule(name=tokens)
    def load_and_compare_token(self, name: str) -> None:
        assert seen(self.run(self.load_unless_known(self.store.tokens, name))) == self.token(name)

    @rule(name=keys)
    def load_and_compare_key(self, name: str) -> None:
        found = self.run(self.load_unless_known(self.store.credentials, name))
        assert credential(found) == self.credential(name)

    async def load_unless_known(self, port: Any, name: str) -> object:
        """As the data path asks."""
        known = port.peek(name)
        return await port.load(name) if known is None else known

    @invariant()
    def memory_says_what_is_true_or_nothing(self) -> None:
        for name in TOKENS:
            found = self.store.tokens.peek(name)
            assert found is None or seen(found) == self.token(name)
        for name in KEYS:
            known = self.store.credentials.peek(name)
            assert known is None or credential(known) == self.credential(name)
        most_credentials, most_tokens = self.capacities
        assert len(self.store.tokens._known) <= most_tokens
        assert len(self.store.credentials._known) <= most_credentials
        linked = {key for keys in self.store.credentials._links.values() for key in keys}
        assert linked == set(self.store.credentials._known)
        if self.is_warm:
            # What is in memory now must not outlive the next change.
            # Either kind may come first: tokens then find older or newer credentials.
            self.turn = not self.turn
            names = [(self.load_and_compare_token, name) for name in TOKENS]
            names += [(self.load_and_compare_key, name) for name in KEYS]
            for compare, name in names if self.turn else reversed(names):
                compare(name)

    # -- the model's answers

    def is_refresh_token(self, name: str | None) -> bool:
        return name is not None and any(t.refresh_token == name for t in self.tokens.values())

    def new_token(self, name: str, key: str, refresh_token: str | None) -> NewToken:
        app_id = self.apps[self.keys[key].app].app_id
        return NewToken(name, 1, -1, key, app_id, "", (), "cc", refresh_token=refresh_token)

    def credential(self, name: str) -> object:
        if name not in self.keys:
            return NOTHING
        key = self.keys[name]
        app = self.apps[key.app]
        siblings = [n for n, model in self.apps.items() if model.developer == app.developer]
        return (
            (key.status, app.app_id, app.status, self.developers[app.developer]),
            tuple(sorted(siblings)),
            [(product, self.products[product], status) for product, status in key.products.items()],
        )

    def token(self, name: str) -> object:
        if name not in self.tokens:
            return NOTHING
        token = self.tokens[name]
        key = self.keys.get(token.key)
        same_app = key is not None and self.apps[key.app].app_id == token.app_id
        known = self.credential(token.key) if same_app else NOTHING
        return token.status, token.refresh_status, known


def credential(found: object) -> object:
    if found is None or found is UNKNOWN:
        return NOTHING
    assert isinstance(found, Credential)
    return (
        (found.status, found.app.app_id, found.app.status, found.developer.status),
        found.developer.apps,
        [(item.product.name, item.product.quota, item.status) for item in found.products],
    )


def seen(found: object) -> object:
    if found is None or found is UNKNOWN:
        return NOTHING
    assert isinstance(found, Token)
    return found.status, found.refresh_status, credential(found.credential)


def test_memory_agrees_with_a_model_of_the_store(place) -> None:
    class Here(StoreAgainstModel):
        pass

    Here.place = place
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=15 if place.schema is None else 5,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
