"""A resolver whose context is a dict of variables: all that expressions need of the engine."""

from collections.abc import Callable

import pytest


class DictResolver:
    def getter(self, name: str) -> Callable[[dict], object]:
        return lambda context: context.get(name)


@pytest.fixture(scope="session")
def resolver() -> DictResolver:
    return DictResolver()
