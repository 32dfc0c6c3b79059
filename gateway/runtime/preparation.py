"""From a bundle's ZIP to endpoints that only wait to be switched in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.bundle.diagnostics import Diagnostic, Diagnostics
from gateway.bundle.files import read_zip
from gateway.bundle.model import Bundle
from gateway.bundle.reader import read_bundle
from gateway.flow.compiler import (
    CompiledEndpoint,
    CompiledProxy,
    CompiledTarget,
    compile_proxy,
    join_base_paths,
)
from gateway.flow.deployment import Environment
from gateway.http.client import Client
from gateway.policies import find_policy_type
from gateway.runtime.exchange import Finished, ServedEndpoint
from gateway.runtime.target_call import TargetCall
from gateway.runtime.urls import BadURL


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled revision that only waits to be switched in."""

    proxy: str
    revision: str
    base_path: str
    """The prefix given at deployment."""
    base_paths: tuple[tuple[str, str], ...]
    """(endpoint name, full base path)."""
    endpoints: tuple[ServedEndpoint, ...]
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Preparer:
    """What the endpoints of one environment are made with."""

    environment: Environment
    client: Client
    finished: Finished

    def prepare(self, proxy: str, revision: str, archive: bytes, base_path: str) -> Prepared:
        """Read and compile a bundle ZIP. Raises `BundleError` with every error found."""
        bundle, warnings = read_bundle(read_zip(archive), name=proxy)
        diagnostics = Diagnostics()
        compiled = compile_bundle(
            bundle, self.environment, revision, diagnostics, base_path_prefix=base_path
        )
        endpoints = tuple(self._served(endpoint, diagnostics) for endpoint in compiled.endpoints)
        diagnostics.raise_if_errors()
        return Prepared(
            proxy=proxy,
            revision=revision,
            base_path=base_path,
            base_paths=base_paths(bundle, base_path),
            endpoints=endpoints,
            warnings=(*warnings, *diagnostics.warnings),
        )

    def _served(self, endpoint: CompiledEndpoint, diagnostics: Diagnostics) -> ServedEndpoint:
        made: dict[int, TargetCall | None] = {}
        calls: list[TargetCall | None] = []
        for route in endpoint.routes:
            target = route.target
            if target is None:
                calls.append(None)
                continue
            if id(target) not in made:
                made[id(target)] = self._call(target, endpoint, diagnostics)
            calls.append(made[id(target)])
        return ServedEndpoint(
            compiled=endpoint,
            calls=tuple(calls),
            streams_request=_streams(endpoint, "request") and not endpoint.reads_request_body,
            streams_response=_streams(endpoint, "response") and not endpoint.reads_response_body,
            finished=self.finished,
        )

    def _call(
        self, target: CompiledTarget, endpoint: CompiledEndpoint, diagnostics: Diagnostics
    ) -> TargetCall | None:
        try:
            return TargetCall.of(target, self.client)
        except BadURL as error:
            diagnostics.error(target.definition or endpoint.definition, f"<URL>: {error}")
            return None


def _streams(endpoint: CompiledEndpoint, side: str) -> bool:
    return endpoint.definition.properties.get(f"{side}.streaming.enabled") == "true"


def base_paths(bundle: Bundle, prefix: str = "/") -> tuple[tuple[str, str], ...]:
    """(endpoint name, full base path) of every ProxyEndpoint."""
    own = ((endpoint.name, endpoint.base_path) for endpoint in bundle.proxy_endpoints.values())
    return prefixed(own, prefix)


def prefixed(paths: Iterable[tuple[str, str]], prefix: str) -> tuple[tuple[str, str], ...]:
    """(endpoint name, base path) with the prefix of a deployment."""
    return tuple((name, join_base_paths(prefix, path)) for name, path in paths)


def compile_bundle(
    bundle: Bundle,
    environment: Environment,
    revision: str,
    diagnostics: Diagnostics,
    *,
    recorded: bool = False,
    base_path_prefix: str = "/",
) -> CompiledProxy:
    """Compile with all policy types that this gateway runs."""
    return compile_proxy(
        bundle,
        environment,
        revision,
        find_policy_type,
        diagnostics,
        recorded=recorded,
        base_path_prefix=base_path_prefix,
    )
