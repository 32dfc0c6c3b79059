"""Who may call: Basic, Bearer, and what happens to those who guess."""

import asyncio

import pytest

from gateway.management.application import AUTHENTICATION
from gateway.management.attempts import PER_ADDRESS, PER_USER, WINDOW, Attempts
from gateway.management.authentication import Authentication
from gateway.management.errors import ApiError
from gateway.management.sessions import ACCESS_SECONDS, REFRESH_SECONDS, Sessions
from tests.management.conftest import PASSWORD, USER, basic


async def test_a_call_without_credentials_is_401_with_a_challenge(api):
    answer = await api.get("", auth=None)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="gateway"'
    assert set(answer.json) == {"code", "message", "contexts"}


@pytest.mark.parametrize(
    "authorization",
    [
        (USER, "wrong"), ("nobody", PASSWORD), "Basic", "Basic !", "Basic YQ==", "Bearer x",
        "Bearer \xe9", "Digest x", (USER, "x" * 2000), ("", PASSWORD),
    ],
)  # fmt: skip
async def test_wrong_credentials_are_401(api, authorization):
    answer = await api.get("", auth=authorization)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="gateway"')


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/organizations/other"])
async def test_nobody_learns_what_is_there_without_credentials(api, path):
    assert (await api.get(path, auth=None)).status == 401


async def test_after_too_many_failures_the_answer_is_429_but_not_for_who_is_known(api):
    assert (await api.get("")).status == 200
    for _ in range(PER_USER):
        assert (await api.get("", auth=(USER, "guess"))).status == 401
    answer = await api.get("", auth=(USER, "guess"))
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= WINDOW
    assert (await api.get("")).status == 200


async def test_a_success_is_remembered_and_a_changed_password_is_not(api, application):
    assert (await api.get("")).status == 200
    await api.store.administrators.set_password(USER, "new password")
    application[AUTHENTICATION].forget(USER)
    assert (await api.get("")).status == 401
    assert (await api.get("", auth=(USER, "new password"))).status == 200


async def _token(api, form, **options):
    return await api.post("/oauth/token", form, auth=None, **options)


PASSWORD_GRANT = {"grant_type": "password", "username": USER, "password": PASSWORD}


def _form(values):
    from urllib.parse import urlencode

    return urlencode(values)


@pytest.mark.parametrize("client", [{}, {"Authorization": "Basic ZWRnZWNsaTplZGdlY2xpc2VjcmV0"}])
async def test_a_password_gives_a_bearer_token(api, client):
    answer = await _token(api, _form(PASSWORD_GRANT), headers=client)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json["token_type"] == "bearer"
    assert answer.json["expires_in"] == ACCESS_SECONDS - 1
    bearer = f"Bearer {answer.json['access_token']}"
    assert (await api.get("", auth=bearer)).status == 200


async def test_a_refresh_token_works_once_and_is_no_access_token(api):
    first = (await _token(api, _form(PASSWORD_GRANT))).json
    assert (await api.get("", auth=f"Bearer {first['refresh_token']}")).status == 401
    form = _form({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})
    second = await _token(api, form)
    assert second.status == 200
    assert (await api.get("", auth=f"Bearer {second.json['access_token']}")).status == 200
    assert (await _token(api, form)).status == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({**PASSWORD_GRANT, "password": "wrong"}, 401, "unauthorized"),
        ({"grant_type": "password", "username": USER}, 400, "invalid_request"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 401, "invalid_token"),
    ],
)
async def test_the_token_endpoint_refuses_in_oauths_words(api, form, status, error):
    answer = await _token(api, _form(form))
    assert (answer.status, answer.json["error"]) == (status, error)


async def test_another_client_is_refused(api):
    answer = await _token(api, _form(PASSWORD_GRANT), headers={"Authorization": basic("a", "b")})
    assert answer.status == 401


async def test_a_token_is_never_taken_from_the_query(api):
    assert (await api.get("/oauth/token?" + _form(PASSWORD_GRANT), auth=None)).status == 405


class Clock:
    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


def test_failures_of_many_users_from_one_address_are_limited():
    attempts = Attempts(Clock())
    assert [attempts.begin("a", f"u{n}") for n in range(PER_ADDRESS)] == [0] * PER_ADDRESS
    assert attempts.begin("a", "another") > 0
    assert attempts.begin("b", "another") == 0


def test_the_limit_ends_with_the_window():
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(PER_USER):
        attempts.begin("a", "u")
    assert attempts.begin("a", "u") == WINDOW
    clock.time += WINDOW
    assert attempts.begin("a", "u") == 0


def test_a_success_does_not_count():
    attempts = Attempts(Clock())
    for _ in range(PER_ADDRESS * 2):
        assert attempts.begin("a", "u") == 0
        attempts.succeeded("a", "u")


def test_sessions_expire():
    clock = Clock()
    sessions = Sessions(clock)
    issued = sessions.issue("u")
    clock.time += ACCESS_SECONDS
    assert sessions.user_of(issued.access_token) is None
    clock.time += REFRESH_SECONDS
    assert sessions.refresh(issued.refresh_token) is None


async def test_a_password_is_checked_once_then_remembered_for_a_while():
    calls = []

    async def verify(user, password):
        calls.append((user, password))
        return password == "right"

    clock = Clock()
    authentication = Authentication(verify, clock)
    for _ in range(3):
        await authentication.user(basic("u", "right"), "a")
    assert len(calls) == 1
    clock.time += 301
    await authentication.user(basic("u", "right"), "a")
    assert len(calls) == 2
    with pytest.raises(ApiError):
        await authentication.user(basic("u", "wrong"), "a")


async def test_a_burst_of_parallel_guesses_is_limited_like_any_other():
    calls = []

    async def verify(user, password):
        calls.append(password)
        await asyncio.sleep(0.001)
        return False

    authentication = Authentication(verify, Clock())
    guesses = [authentication.user(basic("u", f"guess{n}"), "a") for n in range(40)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert len(calls) == PER_USER
    assert sorted({error.status for error in results}) == [401, 429]


async def test_a_password_that_changes_during_its_check_is_not_remembered():
    authentication: Authentication

    async def verify(user, password):
        authentication.forget(user)
        return True

    calls = 0

    async def counted(user, password):
        nonlocal calls
        calls += 1
        return await verify(user, password)

    authentication = Authentication(counted, Clock())
    await authentication.user(basic("u", "old"), "a")
    await authentication.user(basic("u", "old"), "a")
    assert calls == 2
