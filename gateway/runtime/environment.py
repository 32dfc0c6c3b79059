"""What one environment serves: deployed proxies, swapped in one step.

A deployment is compiled beside the running one and takes its place between two
requests; each request keeps the endpoint that it began with.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.bundle.diagnostics import BundleError
from gateway.flow.context import Context
from gateway.flow.deployment import Environment
from gateway.flow.fault_bodies import fault_message
from gateway.flow.faults import FaultRaised
from gateway.flow.message import Message
from gateway.http.client import Client
from gateway.http.message import Headers, Refusal, Request, Response, Sent
from gateway.runtime.exchange import ServedEndpoint
from gateway.runtime.faults import APPLICATION_NOT_FOUND, refused
from gateway.runtime.preparation import Prepared, Preparer
from gateway.runtime.router import Router

logger = logging.getLogger("gateway.runtime")

Load = Callable[[], Awaitable[bytes]]


class BasePathConflict(Exception):
    """Another proxy of the environment has the base path already."""

    def __init__(self, path: str, other: str, environment: str) -> None:
        super().__init__(
            f"base path {path} is already taken by proxy {other} in environment {environment}: "
            "undeploy it, or change one of the two base paths"
        )
        self.path = path
        self.other = other


@dataclass(slots=True, eq=False)
class _Slot:
    """What the router leads to: an endpoint, or the promise of one after a start."""

    deployed: _Deployed
    index: int
    endpoint: ServedEndpoint | None


@dataclass(slots=True, eq=False)
class _Deployed:
    proxy: str
    revision: str
    base_path: str
    paths: tuple[tuple[str, str], ...]
    load: Load | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class RuntimeEnvironment:
    """One environment: its listener hands requests to `serve`."""

    def __init__(
        self,
        environment: Environment,
        client: Client,
        finished: Callable[[Context, int, Sent | None], None],
        unserved: Callable[[Request, str, int, str], None],
    ) -> None:
        """`finished` hears of every exchange, `unserved` of every request that no proxy
        took (request, path, status, errorcode)."""
        self.environment = environment
        self.name = environment.name
        self._preparer = Preparer(environment, client, finished)
        self._unserved = unserved
        self._router: Router[_Slot] = Router()
        self._deployed: dict[str, _Deployed] = {}

    # -- serving

    def serve(self, request: Request) -> Awaitable[Response]:
        """Answer one request: the listener's handler."""
        # Not a coroutine of its own: every level is paid again at each resumption.
        path, _, query = request.target.partition("?")
        found = self._router.find(path)
        if found is None:
            return self._not_found(request, path)
        slot, suffix = found
        endpoint = slot.endpoint
        if endpoint is None:
            return self._serve_first(slot, request, path, query, suffix)
        return endpoint.serve(request, path, query, suffix)

    async def _serve_first(
        self, slot: _Slot, request: Request, path: str, query: str, suffix: str
    ) -> Response:
        """The first request to a proxy after a start has it compiled."""
        endpoint = await self._loaded(slot)
        if endpoint is None:
            return await self._not_found(request, path)
        return await endpoint.serve(request, path, query, suffix)

    def refuse(self, refusal: Refusal, headers: Headers | None) -> Response:
        """The answer to a request that the listener refused."""
        raised = refused(refusal, self.environment.flavor)
        return self._fault_response(raised, headers)

    async def _not_found(self, request: Request, path: str) -> Response:
        edge = self.environment.flavor == "edge"
        host = "default" if edge else request.headers.get("Host", "")
        if edge and request.connection.scheme == "https":
            host = "secure"
        raised = APPLICATION_NOT_FOUND(host=host, path=path)
        self._unserved(request, path, 404, raised.fault.code)
        return self._fault_response(raised, request.headers)

    def _fault_response(self, raised: FaultRaised, headers: Headers | None) -> Response:
        request = None if headers is None else Message(True, headers)
        message = fault_message(raised, request, self.environment.flavor)
        return Response(message.status_code, message.headers, message.body)

    # -- deploying

    def deployed(self) -> Mapping[str, str]:
        """The revision that serves, by proxy."""
        return {name: deployed.revision for name, deployed in self._deployed.items()}

    async def prepare(
        self, proxy: str, revision: str, archive: bytes, base_path: str = "/"
    ) -> Prepared:
        """Read and compile a bundle ZIP. Raises `BundleError` with every error found,
        `BasePathConflict` when another proxy serves one of its base paths."""
        prepared = await asyncio.to_thread(
            self._preparer.prepare, proxy, revision, archive, base_path
        )
        self._refuse_conflicts(prepared)
        return prepared

    def switch(self, prepared: Prepared) -> None:
        """Serve `prepared` from the next request on, in place of any other revision of
        the proxy. Raises `BasePathConflict` when a base path was taken meanwhile."""
        self._refuse_conflicts(prepared)
        before = self._deployed.get(prepared.proxy)
        deployed = _Deployed(
            prepared.proxy, prepared.revision, prepared.base_path, prepared.base_paths
        )
        for index, (endpoint, (_, path)) in enumerate(
            zip(prepared.endpoints, prepared.base_paths, strict=True)
        ):
            self._router.add(path, _Slot(deployed, index, endpoint))
        self._deployed[prepared.proxy] = deployed
        if before is not None:
            kept = {path for _, path in prepared.base_paths}
            self._forget(before, kept)

    def remove(self, proxy: str) -> None:
        """Stop serving `proxy`; nothing happens when it is not deployed."""
        deployed = self._deployed.pop(proxy, None)
        if deployed is not None:
            self._forget(deployed, set())

    def register(
        self,
        proxy: str,
        revision: str,
        base_path: str,
        paths: tuple[tuple[str, str], ...],
        load: Load,
    ) -> None:
        """Route a revision that was deployed before a restart. It is compiled at its
        first request or by `load_all`, whichever comes first."""
        deployed = _Deployed(proxy, revision, base_path, paths, load)
        for index, (_, path) in enumerate(paths):
            self._router.add(path, _Slot(deployed, index, None))
        self._deployed[proxy] = deployed

    async def load_all(self) -> None:
        """Compile everything registered, in the background of a start."""
        for deployed in list(self._deployed.values()):
            if deployed.load is not None:
                slot = self._router.get(deployed.paths[0][1]) if deployed.paths else None
                if slot is not None and slot.deployed is deployed:
                    await self._loaded(slot)
                    await asyncio.sleep(0)

    async def _loaded(self, slot: _Slot) -> ServedEndpoint | None:
        deployed = slot.deployed
        async with deployed.lock:
            if slot.endpoint is not None or deployed.load is None:
                return slot.endpoint
            try:
                prepared = self._preparer.prepare(
                    deployed.proxy, deployed.revision, await deployed.load(), deployed.base_path
                )
            except BundleError as error:
                deployed.load = None
                logger.error(
                    "%s revision %s in %s does not compile any more, it is not served:\n%s",
                    deployed.proxy, deployed.revision, self.name, error,
                )  # fmt: skip
                return None
            deployed.load = None
            for endpoint, (_, path) in zip(prepared.endpoints, deployed.paths, strict=False):
                other = self._router.get(path)
                if other is not None and other.deployed is deployed:
                    other.endpoint = endpoint
            return slot.endpoint

    def _refuse_conflicts(self, prepared: Prepared) -> None:
        for _, path in prepared.base_paths:
            slot = self._router.get(path)
            if slot is not None and slot.deployed.proxy != prepared.proxy:
                raise BasePathConflict(path, slot.deployed.proxy, self.name)

    def _forget(self, deployed: _Deployed, kept: set[str]) -> None:
        for _, path in deployed.paths:
            if path not in kept:
                self._router.remove(path)
