"""Organizations and their environments."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.ports.clock import Clock
from gateway.store.database import Database, breaks_reference
from gateway.store.errors import AlreadyExists, NotFound
from gateway.store.repository import created_now, history, whole
from gateway.store.tables import environments, organizations


@dataclass(frozen=True, slots=True)
class Organization:
    name: str
    display_name: str
    properties: dict[str, str]
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


@dataclass(frozen=True, slots=True)
class Environment:
    name: str
    created_at: int
    created_by: str
    last_modified_at: int
    last_modified_by: str


class Organizations:
    """All organizations of the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    async def names(self) -> tuple[str, ...]:
        async with self.database.reading() as connection:
            rows = await connection.scalars(
                select(organizations.c.name).order_by(organizations.c.name)
            )
            return tuple(rows)

    async def get(self, name: str) -> Organization:
        """Raises `NotFound`."""
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(organizations).where(organizations.c.name == name)
            )
            row = found.mappings().first()
        if row is None:
            raise NotFound("organization", name)
        return Organization(
            row["name"], row["display_name"], dict(row["properties"]), **history(row)
        )

    @whole
    async def create(self, name: str, environment_names: tuple[str, ...], by: str) -> None:
        """Create an organization with its environments. Raises `AlreadyExists`."""
        values = {
            "name": name,
            "display_name": name,
            "properties": {"features.isCpsEnabled": "true", "features.isSmbOrganization": "false"},
            **created_now(self._clock, by),
        }
        try:
            async with self.database.writing() as connection:
                await connection.execute(insert(organizations).values(values))
                for position, environment in enumerate(environment_names):
                    await connection.execute(
                        insert(environments).values(
                            organization=name, name=environment, position=position,
                            **created_now(self._clock, by),
                        )
                    )  # fmt: skip
        except IntegrityError:
            raise AlreadyExists("organization", name) from None

    async def environments(self, organization: str) -> tuple[Environment, ...]:
        """In the order in which they were made."""
        async with self.database.reading() as connection:
            found = await connection.execute(
                select(environments)
                .where(environments.c.organization == organization)
                .order_by(environments.c.position)
            )
            return tuple(Environment(row["name"], **history(row)) for row in found.mappings().all())

    @whole
    async def add_environment(self, organization: str, name: str, by: str) -> None:
        """Raises `NotFound` for the organization, `AlreadyExists`."""
        position = len(await self.environments(organization))
        try:
            async with self.database.writing() as connection:
                await connection.execute(
                    insert(environments).values(
                        organization=organization, name=name, position=position,
                        **created_now(self._clock, by),
                    )
                )  # fmt: skip
        except IntegrityError as error:
            if breaks_reference(error):
                raise NotFound("organization", organization) from None
            raise AlreadyExists("environment", name) from None

    @whole
    async def set_properties(self, name: str, properties: dict[str, str], by: str) -> None:
        """Replace the properties. Raises `NotFound`."""
        async with self.database.writing() as connection:
            done = await connection.execute(
                update(organizations)
                .where(organizations.c.name == name)
                .values(
                    properties=properties,
                    last_modified_at=self._clock.now_ms(),
                    last_modified_by=by,
                )
            )
            if not done.rowcount:
                raise NotFound("organization", name)
