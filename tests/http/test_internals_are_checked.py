"""What the fast connection calls of aiohttp is what the self-test looks for."""

from __future__ import annotations

import inspect
import re

from gateway.http import internals
from gateway.http.fast_connection import FastConnection


def test_everything_private_that_it_takes_from_aiohttp_is_checked_at_start() -> None:
    named = set(re.findall(r"self\.(_[a-z_]+)", inspect.getsource(FastConnection)))
    own = set(FastConnection.__slots__) | set(vars(FastConnection))
    assert named - own <= {*internals._ATTRIBUTES, *internals._METHODS}


def test_nothing_is_checked_that_it_does_not_take() -> None:
    source = inspect.getsource(FastConnection)
    checked = {*internals._ATTRIBUTES, *internals._METHODS}
    assert not [name for name in checked if f"self.{name}" not in source]
