"""Change events: what the store announces and the runtime applies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was committed. `kind` names the family (`deployment`, `product`,
    `developer`, `app`, `credential`, `token`), `action` is `created`, `updated` or
    `deleted`, `key` identifies the entity within its family."""

    kind: str
    action: str
    key: tuple[str, ...]


Listener = Callable[[Change], Awaitable[None] | None]


class Changes(Protocol):
    """Listeners run after the commit and before the write is acknowledged."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every change from now on; returns the unsubscription."""
        ...

    async def announce(self, change: Change) -> None: ...
