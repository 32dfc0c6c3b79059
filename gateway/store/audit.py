"""Audit records: who changed what, appended and never changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from gateway.store.repository import Repository, whole
from gateway.store.tables import audit_records


@dataclass(frozen=True, slots=True)
class AuditRecord:
    time: int
    user: str
    operation: str
    """CREATE, UPDATE or DELETE."""
    request_uri: str
    response_code: str


class Audit(Repository):
    @whole
    async def record(self, user: str, operation: str, request_uri: str, response_code: str) -> None:
        async with self.database.writing() as connection:
            await connection.execute(
                insert(audit_records).values(
                    organization=self.organization,
                    time=self.clock.now_ms(),
                    user=user,
                    operation=operation,
                    request_uri=request_uri,
                    response_code=response_code,
                )
            )

    async def list(
        self,
        *,
        start: int | None = None,
        end: int | None = None,
        uri_prefix: str | None = None,
        limit: int = 1000,
    ) -> tuple[AuditRecord, ...]:
        """Newest first; `start` and `end` in milliseconds, inclusive."""
        query = select(audit_records).where(audit_records.c.organization == self.organization)
        if start is not None:
            query = query.where(audit_records.c.time >= start)
        if end is not None:
            query = query.where(audit_records.c.time <= end)
        if uri_prefix is not None:
            query = query.where(audit_records.c.request_uri.startswith(uri_prefix, autoescape=True))
        query = query.order_by(audit_records.c.time.desc(), audit_records.c.id.desc()).limit(limit)
        async with self.database.reading() as connection:
            found = await connection.execute(query)
            return tuple(
                AuditRecord(
                    row["time"], row["user"], row["operation"], row["request_uri"],
                    row["response_code"],
                )
                for row in found.mappings().all()
            )  # fmt: skip
