"""What the store costs the data path: microseconds of CPU unless said.

    python -m benchmarks.store [--tokens 200000]

On SQLite in a temporary folder, one process. Figures of different machines or moments
don't compare; docs/decisions/003-store.md names those that decided something.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hmac
import secrets
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from statistics import median

from gateway.ports.tokens import NewToken
from gateway.store import Store
from gateway.store.token_rows import row_of, token_of

ORGANIZATION, KEY = "benchmark", "key"
ROUNDS, CALLS = 7, 20_000


def microseconds(call: Callable[[], object]) -> float:
    """CPU time of one call, the median of some rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        for _ in range(CALLS):
            call()
        times.append((time.thread_time() - started) / CALLS * 1e6)
    return median(times)


def report(name: str, value: float, unit: str = "us") -> None:
    print(f"{name:<56} {value:>10.2f} {unit}")


def new_token(app_id: str) -> NewToken:
    return NewToken(
        access_token=secrets.token_urlsafe(21),
        issued_at=1,
        expires_at=-1,
        consumer_key=KEY,
        app_id=app_id,
        scope="READ",
        products=("PremiumWeatherAPI",),
        grant_type="client_credentials",
    )


def hashes(store: Store) -> None:
    """Ways to turn a token into what it is stored as."""
    key, token = secrets.token_bytes(32), secrets.token_urlsafe(21)
    report(
        "hash: hmac.digest SHA-256", microseconds(lambda: hmac.digest(key, token.encode(), sha256))
    )

    def keyed_sha256() -> bytes:
        hashing = start.copy()
        hashing.update(token.encode())
        return hashing.digest()

    # Keyed by a prefix alone, SHA-256 can be extended: for comparison, never for use.
    start = sha256(key)
    report("hash: SHA-256 of key and token, copied (not safe)", microseconds(keyed_sha256))
    token_hash = store.key_ring.token_hasher()
    report("hash: keyed BLAKE2b, copied (ours)", microseconds(lambda: token_hash(token)))


async def peeks(store: Store, app_id: str) -> None:
    token = new_token(app_id)
    await store.tokens.issue(token)
    await store.tokens.load(token.access_token)
    report("peek of a known token", microseconds(lambda: store.tokens.peek(token.access_token)))
    await store.tokens.load("guess")
    report("peek of an unknown token", microseconds(lambda: store.tokens.peek("guess")))
    report("peek of a known key", microseconds(lambda: store.credentials.peek(KEY)))


async def issuing(store: Store, app_id: str, callers: int, count: int = 5000) -> None:
    """`callers` at the same time, each after its answer again."""

    async def caller() -> None:
        for _ in range(count // callers):
            await store.tokens.issue(new_token(app_id))

    cpu, started = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    report(f"issue, {callers} callers: tokens/s", count / (time.perf_counter() - started), "/s")
    report(f"issue, {callers} callers: CPU a token", (time.process_time() - cpu) / count * 1e6)


async def cold_loads(store: Store, app_id: str, is_key_cold: bool) -> None:
    """Wall time of a look-up that memory cannot answer."""
    values = [new_token(app_id) for _ in range(500)]
    await asyncio.gather(*(store.tokens.issue(token) for token in values))
    times = []
    for token in values:
        store.tokens.forget([store.key_ring.token_hasher()(token.access_token)])
        if is_key_cold:
            store.credentials.forget(KEY)
        else:
            await store.credentials.load(KEY)
        started = time.perf_counter()
        await store.tokens.load(token.access_token)
        times.append((time.perf_counter() - started) * 1e6)
    name = "cold token and key" if is_key_cold else "cold token"
    report(f"{name}, wall: median", median(times))
    report(f"{name}, wall: p99", sorted(times)[-len(times) // 100])


async def memory(store: Store, app_id: str, count: int) -> None:
    """Of tokens as they come from the database, with what is kept to find them."""
    token_hash = store.key_ring.token_hasher()
    credential = await store.credentials.load(KEY)
    template = new_token(app_id)
    gc.collect()
    tracemalloc.start()
    for number in range(count):
        row = row_of(replace(template, access_token=f"{number:028}"), ORGANIZATION, token_hash)
        row = {
            **row,
            "id": 10**6 + number,
            "issued_at": 10**12 + number,
            "expires_at": 2**41 + number,
        }
        store.tokens._known.remember(row["access_hash"], token_of(row, credential))
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    report(f"memory a cached token ({count:,} tokens)", size, "bytes")
    report("memory of 1,000,000 tokens", size, "MB")


def start_up() -> None:
    """In processes of their own: wall time in milliseconds."""
    for name, module in (
        ("bare interpreter", "sys"),
        ("import gateway.store.store", "gateway.store.store"),
    ):
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
            times.append((time.perf_counter() - started) * 1e3)
        report(f"start: {name}", median(times), "ms")
    program = (
        "import sys, gateway.store.store\n"
        "print(*[m for m in ('alembic', 'argon2', 'asyncpg') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    print(f"start: imported though not needed: {found.stdout.strip() or 'nothing'}")


async def opening(folder: Path) -> None:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        store = await Store.open(f"sqlite:///{folder}/gateway.db", folder, ORGANIZATION)
        times.append((time.perf_counter() - started) * 1e3)
        await store.close()
    report("start: open an existing database", median(times), "ms")


async def run(folder: Path, tokens: int) -> None:
    store = await Store.open(f"sqlite:///{folder}/gateway.db", folder, ORGANIZATION)
    await store.organizations.create(ORGANIZATION, ("test",), "ann")
    await store.products.create("PremiumWeatherAPI", "ann")
    developer = await store.developers.create("ann@example.com", "Ann", "Lee", "ann", "ann")
    app_id = (await store.apps.create(developer.developer_id, "app", "ann")).app.app_id
    await store.keys.create(app_id, KEY, "secret", product_names=("PremiumWeatherAPI",))
    hashes(store)
    await peeks(store, app_id)
    for callers in (1, 32, 1000):
        await issuing(store, app_id, callers, 200 if callers == 1 else 5000)
    for is_key_cold in (False, True):
        await cold_loads(store, app_id, is_key_cold)
    await memory(store, app_id, tokens)
    await store.close()
    await opening(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=200_000, help="to measure memory with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), arguments.tokens))
    start_up()


if __name__ == "__main__":
    main()
