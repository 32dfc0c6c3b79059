"""Revoking the tokens of an app: reference/runtime/management-api.md section 9."""

from gateway.ports.tokens import NewToken


async def _issue(api, app, token, end_user=None):
    now = api.store.clock.now_ms()
    key = app["credentials"][0]["consumerKey"]
    await api.store.tokens.issue(
        NewToken(
            token, now, now + 3_600_000, key, app["appId"], "", ("P",), "client_credentials",
            end_user=end_user,
        )
    )  # fmt: skip


async def _status(api, token):
    return (await api.store.tokens.load(token)).status


async def test_the_tokens_of_an_app_are_revoked_at_once(api):
    app = await api.app()
    await _issue(api, app, "one")
    answer = await api.post(f"/oauth2/revoke?app={app['appId']}")
    assert answer.status == 200
    assert await _status(api, "one") == "revoked"
    await _issue(api, app, "two")
    assert await _status(api, "two") == "approved"


async def test_only_those_of_an_end_user_are_revoked_when_one_is_named(api):
    app = await api.app()
    await _issue(api, app, "anns", "ann")
    await _issue(api, app, "bobs", "bob")
    answer = await api.post(f"/oauth2/revoke?app={app['appId']}&enduser=ann&cascade=true")
    assert answer.status == 200
    assert [await _status(api, name) for name in ("anns", "bobs")] == ["revoked", "approved"]


async def test_an_unknown_app_is_404(api):
    assert (await api.post("/oauth2/revoke?app=nobody")).status == 404


async def test_a_call_without_app_is_400_and_names_it(api):
    answer = await api.post("/oauth2/revoke")
    assert (answer.status, "app" in answer.message) == (400, True)
