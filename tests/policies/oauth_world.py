"""A small world for policies on tokens and keys: a clock, stores in memory, one runner.

`world` has an app with an approved key and one product; tests replace parts of it, give
a policy as XML, and run it on a request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from multidict import CIMultiDict

from gateway.bundle.diagnostics import Diagnostics
from gateway.bundle.model import PolicyDefinition
from gateway.bundle.xml import parse_xml
from gateway.flow.context import Context, Place
from gateway.flow.deployment import Deployment, Environment
from gateway.flow.fault_bodies import fault_message
from gateway.flow.faults import FaultRaised
from gateway.flow.message import Message
from gateway.flow.policy import Policy, Step, read_policy
from gateway.flow.steps import guarded
from gateway.policies.oauthv2 import OAuthV2
from gateway.policies.verifyapikey import VerifyAPIKey
from gateway.ports.identity import (
    UNKNOWN,
    App,
    Credential,
    CredentialProduct,
    Developer,
    Product,
    Unknown,
)
from gateway.ports.services import Services
from gateway.ports.tokens import NewToken, Token

START = 1_700_000_000_000
KEY, SECRET, TOKEN = "weatherkey", "weathersecret", "tokenoftheweatherapp12345678"
TYPES: dict[str, type[Policy]] = {"OAuthV2": OAuthV2, "VerifyAPIKey": VerifyAPIKey}
HISTORY = {
    "created_at": START,
    "created_by": "admin@example.com",
    "last_modified_at": START + 1,
    "last_modified_by": "other@example.com",
}


@dataclass
class FakeClock:
    ms: int = START

    def now(self) -> float:
        return self.ms / 1000

    def now_ms(self) -> int:
        return self.ms


@dataclass
class FakeCredentials:
    """Credentials; `cold` ones are known to the store only."""

    known: dict[str, Credential] = field(default_factory=dict)
    cold: bool = False
    asked: list[str] = field(default_factory=list)

    def peek(self, consumer_key: str) -> Credential | Unknown | None:
        return None if self.cold else self.known.get(consumer_key, UNKNOWN)

    async def load(self, consumer_key: str) -> Credential | None:
        self.asked.append(consumer_key)
        return self.known.get(consumer_key)


@dataclass
class FakeTokens:
    """Tokens by access token; the refresh token of each in `refresh`."""

    credentials: FakeCredentials
    known: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    cold: bool = False
    asked: list[str] = field(default_factory=list)
    statuses: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def peek(self, access_token: str) -> Token | Unknown | None:
        return None if self.cold else self.known.get(access_token, UNKNOWN)

    async def load(self, access_token: str) -> Token | None:
        self.asked.append(access_token)
        return self.known.get(access_token)

    async def load_by_refresh_token(self, refresh_token: str) -> Token | None:
        access_token = self.refresh_tokens.get(refresh_token)
        return None if access_token is None else self.known[access_token]

    async def issue(self, token: NewToken) -> None:
        self.known[token.access_token] = Token(
            token_id=len(self.known),
            status="approved",
            issued_at=token.issued_at,
            expires_at=token.expires_at,
            scope=token.scope,
            products=token.products,
            grant_type=token.grant_type,
            attributes=token.attributes,
            hidden_attributes=token.hidden_attributes,
            end_user=token.end_user,
            refresh_issued_at=token.refresh_issued_at,
            refresh_expires_at=token.refresh_expires_at,
            refresh_status="approved",
            refresh_count=token.refresh_count,
            consumer_key=token.consumer_key,
            credential=self.credentials.known.get(token.consumer_key),
        )
        if token.refresh_token:
            self.refresh_tokens[token.refresh_token] = token.access_token

    async def refresh(self, refresh_token: str, token: NewToken) -> bool:
        old = self.refresh_tokens.pop(refresh_token, None)
        if old is None:
            return False
        del self.known[old]
        await self.issue(token)
        return True

    async def set_status(self, token: str, kind: str, status: str, cascade: bool) -> bool:
        access_token = token if kind == "accesstoken" else self.refresh_tokens.get(token)
        found = self.known.get(access_token or "")
        if found is None:
            return False
        self.statuses.append((token, kind, status, cascade))
        changes: dict[str, str] = {}
        if kind == "accesstoken" or cascade:
            changes["status"] = status
        if kind == "refreshtoken" or cascade:
            changes["refresh_status"] = status
        self.known[access_token or ""] = replace(found, **changes)
        return True


@dataclass
class Outcome:
    """What one run of a policy left behind."""

    context: Context
    raised: FaultRaised | None
    answer: Message | None
    """The message of the fault, or the response that the policy made."""
    deployment: Deployment

    def __getitem__(self, variable: str) -> object:
        return self.deployment.getter(variable)(self.context)

    @property
    def fault(self) -> FaultRaised:
        assert self.raised is not None, "no fault was raised"
        return self.raised

    @property
    def response(self) -> Message:
        assert self.answer is not None, "no answer"
        return self.answer

    @property
    def json(self) -> Any:
        return json.loads(self.response.content)


@dataclass
class Runner:
    """One compiled policy."""

    policy: Policy
    step: Step
    deployment: Deployment

    def context(self, request: Message, suffix: str = "/forecastrss") -> Context:
        environment = self.deployment.environment
        place = Place(
            organization=environment.organization,
            environment=environment.name,
            proxy=self.deployment.bundle.name,
            revision="1",
            endpoint="default",
            base_path="/weather",
            flavor=environment.flavor,
        )
        connection: Any = SimpleNamespace(scheme="http", client_host="::1", local_host="::1")
        return Context(place, request, connection, suffix, 0.0, "message-1")

    async def __call__(
        self, request: Message | None = None, *, suffix: str = "/forecastrss", **variables: object
    ) -> Outcome:
        request = request or Message.request()
        context = self.context(request, suffix)
        context.variables.update(variables)
        raised = None
        try:
            pending = self.step(context)
            if pending is not None:
                await pending
        except FaultRaised as fault:
            raised = fault
        answer = context.response
        if raised is not None:
            answer = fault_message(raised, request, self.deployment.flavor)
        return Outcome(context, raised, answer, self.deployment)


@dataclass
class World:
    clock: FakeClock
    credentials: FakeCredentials
    tokens: FakeTokens

    @property
    def services(self) -> Services:
        return Services(clock=self.clock, credentials=self.credentials, tokens=self.tokens)

    # -- entities

    @property
    def credential(self) -> Credential:
        return self.credentials.known[KEY]

    def change(self, **parts: Any) -> None:
        """Replace parts of the credential (`app`, `developer`: by their fields)."""
        for name in ("app", "developer"):
            if name in parts:
                parts[name] = replace(getattr(self.credential, name), **parts[name])
        changed = replace(self.credential, **parts)
        self.credentials.known[KEY] = changed
        for value, token in self.tokens.known.items():
            self.tokens.known[value] = replace(token, credential=changed)

    def sells(self, *products: Product, status: str = "approved") -> None:
        """Give the credential these products, and tokens their names."""
        self.change(products=tuple(CredentialProduct(product, status) for product in products))
        names = tuple(product.name for product in products)
        for value, token in self.tokens.known.items():
            self.tokens.known[value] = replace(token, products=names)

    def change_token(self, **parts: Any) -> None:
        self.tokens.known[TOKEN] = replace(self.tokens.known[TOKEN], **parts)

    # -- policies

    def read(self, xml: str) -> tuple[Policy, Diagnostics]:
        root = parse_xml(xml.encode(), "policies/Policy.xml")
        definition = PolicyDefinition(
            type=root.name,
            name=root.attributes.get("name", "Policy"),
            enabled=True,
            continue_on_error=root.attributes.get("continueOnError") == "true",
            is_async=False,
            element=root,
            file=root.file,
            line=root.line,
        )
        diagnostics = Diagnostics()
        return read_policy(TYPES[root.name], definition, diagnostics), diagnostics

    def errors(self, xml: str) -> list[str]:
        """What the author is told when a bundle with this policy is deployed."""
        return [item.message for item in self.read(xml)[1].errors]

    def warnings(self, xml: str) -> list[str]:
        return [item.message for item in self.read(xml)[1].warnings]

    def runner(
        self, xml: str, *, flavor: Any = "edge", proxy: str = "weatherapi", env: str = "test"
    ) -> Runner:
        policy, diagnostics = self.read(xml)
        assert not diagnostics.errors
        environment = Environment("myorg", env, flavor, self.services)
        bundle: Any = SimpleNamespace(name=proxy, resources={})
        deployment = Deployment(environment, bundle, "1", {policy.name: policy}, diagnostics)
        return Runner(policy, guarded(policy, policy.compile(deployment)), deployment)


def product(name: str = "PremiumWeatherAPI", **parts: Any) -> Product:
    values: dict[str, Any] = {
        "name": name,
        "display_name": name,
        "description": "",
        "approval_type": "auto",
        "environments": ("test",),
        "proxies": ("weatherapi",),
        "resources": ("/**",),
        "scopes": ("READ", "WRITE"),
        "quota": "10",
        "quota_interval": "1",
        "quota_time_unit": "minute",
        "attributes": (("tier", "gold"),),
        **HISTORY,
    }
    return Product(**(values | parts))


def credential() -> Credential:
    app = App(
        app_id="eea80998-537c-4a75-94aa-e688e4252d06",
        name="weatherapp",
        status="approved",
        app_family="default",
        access_type="",
        callback_url="https://weather.example.com/callback",
        scopes=(),
        attributes=(("DisplayName", "Weather App"), ("hosting_domain", "example.com")),
        **HISTORY,
    )
    developer = Developer(
        developer_id="5f1e2c8a-0000-4000-8000-000000000001",
        email="tesla@weathersample.com",
        first_name="Nicolai",
        last_name="Tesla",
        user_name="ntesla",
        status="active",
        attributes=(("region", "eu"),),
        apps=("weatherapp", "otherapp"),
        **HISTORY,
    )
    return Credential(
        consumer_key=KEY,
        consumer_secret=SECRET,
        status="approved",
        issued_at=START,
        expires_at=-1,
        scopes=(),
        attributes=(("idp.client_id", "idp-42"),),
        products=(CredentialProduct(product(), "approved"),),
        app=app,
        developer=developer,
    )


def access_token(owner: Credential) -> Token:
    return Token(
        token_id=1,
        status="approved",
        issued_at=START,
        expires_at=START + 3_600_000,
        scope="READ WRITE",
        products=("PremiumWeatherAPI",),
        grant_type="client_credentials",
        attributes=(("plan", "silver"),),
        hidden_attributes=(("internal", "yes"),),
        end_user=None,
        refresh_issued_at=0,
        refresh_expires_at=0,
        refresh_status="approved",
        refresh_count=0,
        consumer_key=owner.consumer_key,
        credential=owner,
    )


def request(
    query: str = "",
    form: str | None = None,
    content_type: str = "application/x-www-form-urlencoded",
    **headers: str,
) -> Message:
    """A POST with a form, or a GET without one; `x_apikey` becomes the header x-apikey."""
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    message = Message.received("GET" if form is None else "POST", "", query, "1.1", fields)
    if form is not None:
        fields["Content-Type"] = content_type
        message.body = form.encode()
    return message


def make_world() -> World:
    credentials = FakeCredentials({KEY: credential()})
    tokens = FakeTokens(credentials, {TOKEN: access_token(credentials.known[KEY])})
    return World(FakeClock(), credentials, tokens)
