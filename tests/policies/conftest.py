"""Fixtures of the policy tests."""

from __future__ import annotations

import pytest

from tests.policies.oauth_world import World, make_world


@pytest.fixture
def world() -> World:
    return make_world()
