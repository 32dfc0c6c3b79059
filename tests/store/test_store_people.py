"""Administrators and audit records."""

from __future__ import annotations


async def test_a_password_is_verified_by_its_hash(store) -> None:
    await store.administrators.set_password("ann", "correct horse")
    assert await store.administrators.verify("ann", "correct horse")
    assert not await store.administrators.verify("ann", "wrong horse")
    assert not await store.administrators.verify("bob", "correct horse")
    assert await store.administrators.names() == ("ann",)


async def test_a_new_password_replaces_the_old_one(store) -> None:
    await store.administrators.set_password("ann", "old")
    await store.administrators.set_password("ann", "new")
    assert not await store.administrators.verify("ann", "old")
    assert await store.administrators.verify("ann", "new")


async def test_audit_records_come_newest_first(store, clock) -> None:
    for operation in ("CREATE", "UPDATE", "DELETE"):
        clock.at += 10
        await store.audit.record("ann", operation, "/organizations/demo/apis/a", "200")
    records = await store.audit.list()
    assert [record.operation for record in records] == ["DELETE", "UPDATE", "CREATE"]
    assert records[0].time == clock.at
    assert (records[0].user, records[0].response_code) == ("ann", "200")


async def test_audit_records_are_narrowed(store, clock) -> None:
    start = clock.at
    for name in ("a", "b", "a_c"):
        clock.at += 10
        await store.audit.record("ann", "CREATE", f"/organizations/demo/apis/{name}", "201")
    listed = await store.audit.list(start=start + 20, end=start + 20)
    assert [record.request_uri[-1] for record in listed] == ["b"]
    assert len(await store.audit.list(uri_prefix="/organizations/demo/apis/a")) == 2
    assert len(await store.audit.list(uri_prefix="/organizations/demo/apis/_")) == 0
    assert len(await store.audit.list(limit=1)) == 1
