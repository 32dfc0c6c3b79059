"""The composition root: store, runtime and applications wired into one server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import IO

from aiohttp import web

from gateway.bootstrap import bootstrap
from gateway.http.client import Client
from gateway.http.limits import EDGE_LIMITS, X_LIMITS, Limits, ResponseLimits
from gateway.http.listener import Listener
from gateway.management.application import management_application
from gateway.management.call import ManagementSettings
from gateway.ports.clock import SystemClock
from gateway.ports.services import Services
from gateway.runtime.runtime import Runtime
from gateway.settings import Address, Settings
from gateway.store import Store
from gateway.store.errors import StoreError
from gateway.telemetry.access_log import AccessLog
from gateway.telemetry.metrics import Metrics

logger = logging.getLogger("gateway")

_METRICS_PATH = "/metrics"


class StartError(Exception):
    """The server cannot start; the message says why and what to do."""


class Server:
    """One gateway process: listeners, management API, store."""

    def __init__(self, settings: Settings, say: Callable[[str], object] = print) -> None:
        self._settings = settings
        self._say = say
        self._listeners: list[Listener] = []
        self._runner: web.AppRunner | None = None
        self._healthy = False
        self._closing = contextlib.AsyncExitStack()

    async def start(self) -> None:
        """Open everything; each listener is told, then `ready`. Raises `StartError`."""
        settings = self._settings
        try:
            store = await Store.open(
                settings.database_url, settings.data_dir, settings.organization
            )
        except StoreError as error:
            raise StartError(str(error)) from error
        self._closing.push_async_callback(store.close)
        names = tuple(name for name, _ in settings.environments)
        password = await bootstrap(store, settings, names)
        runtime, metrics = await self._make_runtime(store, names)
        await _register(store, runtime)
        for name, address in settings.environments:
            await self._listen(runtime, name, address)
        await self._manage(store, runtime, metrics)
        if password is not None:
            self._say(f"administrator: {settings.admin_user}  password: {password}")
            self._say("(shown once; set GATEWAY_ADMIN_PASSWORD to choose your own)")
        self._healthy = True
        self._say("ready")
        loading = asyncio.create_task(_load_all(runtime), name="compile deployments")
        self._closing.callback(loading.cancel)

    async def stop(self) -> None:
        """No new connections; running requests finish; everything is closed."""
        self._healthy = False
        await asyncio.gather(
            *(listener.drain(self._settings.drain_seconds) for listener in self._listeners)
        )
        if self._runner is not None:
            await self._runner.cleanup()
        await self._closing.aclose()

    async def _make_runtime(self, store: Store, names: tuple[str, ...]) -> tuple[Runtime, Metrics]:
        settings = self._settings
        metrics = Metrics()
        write, close = _log_sink(settings.access_log)
        self._closing.callback(close)
        access_log = AccessLog(write, observers=[metrics.observe])
        access_log.start()
        self._closing.push_async_callback(access_log.close)
        limits = ResponseLimits(headers=_limits(settings).headers)
        client = Client(settings.connect_to, limits)
        self._closing.push_async_callback(client.close)
        services = Services(SystemClock(), store.credentials, store.tokens)
        runtime = Runtime(
            settings.organization, names, settings.flavor, services, client, access_log
        )
        return runtime, metrics

    async def _listen(self, runtime: Runtime, name: str, address: Address) -> None:
        environment = runtime.environments[name]
        limits = _limits(self._settings)
        listener = Listener(name, environment.serve, environment.refuse, limits)
        try:
            await listener.start(address.host, address.port)
        except OSError as error:
            raise StartError(_taken(f"environment {name}", address, error)) from error
        self._listeners.append(listener)
        host, port = listener.address
        self._say(f"environment {name}: http://{Address(host, port)}")

    async def _manage(self, store: Store, runtime: Runtime, metrics: Metrics) -> None:
        addresses = {listener.name: listener.address for listener in self._listeners}
        application = management_application(
            store, runtime, ManagementSettings(addresses, flavor=self._settings.flavor)
        )
        application.router.add_get("/healthz", self._health)
        application.router.add_get(_METRICS_PATH, _metrics_handler(metrics, runtime))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=5.0)
        await self._runner.setup()
        address = self._settings.management
        site = web.TCPSite(self._runner, address.host, address.port)
        try:
            await site.start()
        except OSError as error:
            raise StartError(_taken("the management API", address, error)) from error
        host, port = self._runner.addresses[0][:2]
        self._say(f"management API: http://{Address(host, port)}/v1/")

    async def _health(self, request: web.Request) -> web.Response:
        if self._healthy:
            return web.json_response({"status": "ok"})
        return web.json_response({"status": "starting"}, status=503)


def _limits(settings: Settings) -> Limits:
    return X_LIMITS if settings.flavor == "x" else EDGE_LIMITS


def _metrics_handler(
    metrics: Metrics, runtime: Runtime
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def render(request: web.Request) -> web.Response:
        await runtime.access_log.flush()
        metrics.log_dropped = runtime.access_log.dropped
        for name, environment in runtime.environments.items():
            metrics.deployed[name] = len(environment.deployed())
        return web.Response(body=metrics.render(), headers={"Content-Type": metrics.content_type})

    return render


async def _register(store: Store, runtime: Runtime) -> None:
    """Route what was deployed before, without compiling it yet."""
    from gateway.runtime.preparation import prefixed

    for stored in await store.deployments.all():
        environment = runtime.environments.get(stored.environment)
        if environment is None:
            continue

        async def load(proxy: str = stored.proxy, revision: int = stored.revision) -> bytes:
            return await store.proxies.archive(proxy, revision)

        environment.register(
            stored.proxy,
            str(stored.revision),
            stored.base_path,
            prefixed(stored.base_paths, stored.base_path),
            load,
        )


async def _load_all(runtime: Runtime) -> None:
    for environment in runtime.environments.values():
        await environment.load_all()
    # What is deployed stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()


def _log_sink(where: str) -> tuple[Callable[[bytes], object] | None, Callable[[], object]]:
    """(how to write log lines, how to stop). Raises `StartError` for a bad path."""
    if where == "off":
        return None, lambda: None
    if where in ("stderr", "stdout"):
        stream: IO[bytes] = getattr(sys, where).buffer

        def write(lines: bytes) -> None:
            stream.write(lines)
            stream.flush()

        return write, lambda: None
    try:
        file = open(where, "ab", buffering=0)  # noqa: SIM115, PTH123
    except OSError as error:
        raise StartError(f"--access-log {where}: {error.strerror}") from error
    return file.write, file.close


def _taken(what: str, address: Address, error: OSError) -> str:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return (
        f"cannot listen on {address} for {what}: {reason}\n"
        "Stop what uses it, or choose another address with --env or --management."
    )


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    gc.set_threshold(50_000, 20, 100)
    try:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(settings))
    except ImportError:
        return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = Server(settings, _say)
    try:
        await server.start()
    except StartError as error:
        print(f"gateway: {error}", file=sys.stderr)  # noqa: T201
        await server.stop()
        return 1
    await stopping.wait()
    await server.stop()
    return 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201
