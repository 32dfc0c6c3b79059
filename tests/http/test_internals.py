"""The assumptions about aiohttp, and what happens without them."""

from __future__ import annotations

import logging

import pytest
from aiohttp.web_protocol import RequestHandler

from gateway.http import internals
from gateway.http.fast_connection import FastConnection
from gateway.http.listener import Listener
from gateway.http.plain_connection import PlainConnection
from tests.http.wire import Wire, echo, refuse


@pytest.fixture(autouse=True)
def _asked_anew():
    internals.fast_path_is_possible.cache_clear()
    yield
    internals.fast_path_is_possible.cache_clear()


def test_the_installed_aiohttp_is_as_expected() -> None:
    internals.check_internals()


async def test_without_them_requests_are_served_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(internals, "_ATTRIBUTES", ("_no_such_attribute",))
    with caplog.at_level(logging.WARNING, "gateway.http"):
        for _ in range(2):
            listener = Listener("test", echo, refuse)
            await listener.start("127.0.0.1", 0)
            assert not listener.is_fast
            async with Wire.to(listener) as wire:
                wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await wire.answer()).status == 200
            await listener.drain(1.0)
    assert len(caplog.records) == 1
    assert "_no_such_attribute" in caplog.text


def test_a_trial_parse_that_differs_switches_the_fast_path_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(internals, "_EXPECTED", ())
    assert not internals.fast_path_is_possible()


@pytest.mark.parametrize("kind", [FastConnection, PlainConnection])
def test_our_names_do_not_hide_names_of_aiohttp(kind: type) -> None:
    replaced = {"__init__", "connection_made", "connection_lost", "data_received", "handle_error"}
    ours = {name for name in vars(kind) if not name.startswith("__")} | {"__init__"}
    assert {name for name in ours if hasattr(RequestHandler, name)} <= replaced
