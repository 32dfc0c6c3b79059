"""From the files of a bundle to its model, tolerant exactly where Apigee is.

Names come from the `name` attributes, not from file names; the root manifest is no
authority; what lies in the folders is the bundle. Source: reference/runtime/flows.md
section 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

from gateway.bundle.diagnostics import BundleError, Diagnostic, Diagnostics, Place
from gateway.bundle.endpoint_reader import (
    read_proxy_endpoint,
    read_shared_flow,
    read_target_endpoint,
)
from gateway.bundle.files import Files
from gateway.bundle.model import Bundle, Kind, PolicyDefinition, Resource
from gateway.bundle.placeholders import find_placeholder
from gateway.bundle.references import check_references
from gateway.bundle.xml import Element, parse_xml

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9._\-$ %]+")
_PROXY_NAME = re.compile(r"[A-Za-z0-9._-]+")


def read_bundle(
    files: Files,
    name: str | None = None,
    *,
    known_resources: Callable[[str], bool] | None = None,
) -> tuple[Bundle, tuple[Diagnostic, ...]]:
    """The bundle and the warnings. `files` come from `gateway.bundle.files`; `name` wins
    over the name that the bundle gives itself; `known_resources` says which resource
    URLs exist outside of the bundle. Raises `BundleError` with every error found."""
    diagnostics = Diagnostics()
    kind: Kind = "apiproxy"
    if not any(path.startswith("apiproxy/") for path in files):
        kind = "sharedflowbundle"
    reader = _Reader(files, kind, diagnostics)
    bundle = reader.read(name)
    known = known_resources or (lambda url: False)
    check_references(bundle, known, frozenset(reader.unreadable), diagnostics)
    diagnostics.raise_if_errors()
    return bundle, diagnostics.warnings


class _Reader:
    def __init__(self, files: Files, kind: Kind, diagnostics: Diagnostics) -> None:
        self._files = files
        self._kind: Kind = kind
        self._diagnostics = diagnostics
        self.unreadable: set[str] = set()
        """Stems of malformed files: their policies and targets are not missing as well."""

    def read(self, name: str | None) -> Bundle:
        manifest = self._manifest()
        own = manifest.attributes.get("name", "").strip() if manifest is not None else ""
        chosen = name or own or self._file_name()
        place = Place(manifest.file, manifest.line) if manifest is not None else Place(self._kind)
        if not _PROXY_NAME.fullmatch(chosen):
            self._diagnostics.error(
                place,
                f"'{chosen}' cannot be the bundle's name: letters, digits, _ - . only "
                "(the name given at deployment wins)",
            )
        endpoints = self._endpoints("proxies", "ProxyEndpoint", read_proxy_endpoint)
        shared_flows = self._endpoints("sharedflows", "SharedFlow", read_shared_flow)
        self._check_entry(bool(endpoints), bool(shared_flows))
        return Bundle(
            kind=self._kind,
            name=chosen,
            revision=manifest.attributes.get("revision", "") if manifest is not None else "",
            display_name=manifest.child_text("DisplayName") if manifest is not None else "",
            description=manifest.child_text("Description") if manifest is not None else "",
            created_by=manifest.child_text("CreatedBy") if manifest is not None else "",
            proxy_endpoints=endpoints,
            target_endpoints=self._endpoints("targets", "TargetEndpoint", read_target_endpoint),
            policies=self._policies(),
            resources=self._resources(),
            shared_flows=shared_flows,
        )

    def _check_entry(self, proxy_endpoints: bool, shared_flows: bool) -> None:
        if self._diagnostics.errors:
            return
        if self._kind == "apiproxy" and not proxy_endpoints:
            where = Place("apiproxy/proxies")
            self._diagnostics.error(where, "a proxy needs at least one ProxyEndpoint")
        if self._kind == "sharedflowbundle" and not shared_flows:
            where = Place("sharedflowbundle/sharedflows")
            self._diagnostics.error(where, "a shared flow bundle needs a SharedFlow")

    def _xml(self, path: str) -> Element | None:
        try:
            return parse_xml(self._files[path], path)
        except BundleError as error:
            self._diagnostics.extend(error.diagnostics)
            self.unreadable.add(PurePosixPath(path).stem)
            return None

    def _paths(self, folder: str) -> list[str]:
        prefix = f"{self._kind}/{folder}/"
        return [
            path
            for path in self._files
            if path.startswith(prefix) and path.endswith(".xml") and "/" not in path[len(prefix) :]
        ]

    def _manifest(self) -> Element | None:
        """The root file. Of two the one named first counts: it is no authority."""
        expected = "APIProxy" if self._kind == "apiproxy" else "SharedFlowBundle"
        for path in sorted(self._files):
            parts = path.split("/")
            if len(parts) == 2 and parts[0] == self._kind and path.endswith(".xml"):
                root = self._xml(path)
                if root is not None and root.name == expected:
                    return root
        return None

    def _file_name(self) -> str:
        for path in sorted(self._files):
            parts = PurePosixPath(path)
            if len(parts.parts) == 2 and parts.suffix == ".xml":
                return parts.stem
        return self._kind

    def _endpoints(
        self, folder: str, expected: str, read: Callable[[Element, str, Diagnostics], T]
    ) -> dict[str, T]:
        found: dict[str, T] = {}
        places: dict[str, str] = {}
        for path in self._paths(folder):
            root = self._xml(path)
            if root is None:
                continue
            if root.name != expected:
                self._diagnostics.error(
                    root, f"<{root.name}> in {folder}/, where <{expected}> belongs"
                )
                continue
            name = self._name_of(root, path)
            if name in found:
                self._diagnostics.error(
                    root, f"there are two {expected}s named '{name}'; the other is {places[name]}"
                )
                continue
            places[name] = path
            found[name] = read(root, name, self._diagnostics)
        return found

    def _name_of(self, root: Element, path: str) -> str:
        name = root.attributes.get("name", "").strip() or PurePosixPath(path).stem
        if placeholder := find_placeholder(name):
            self._diagnostics.error(
                root, f"the name '{name}' holds the unfilled placeholder {placeholder}"
            )
        elif not _NAME.fullmatch(name):
            self._diagnostics.error(
                root, f"the name '{name}' may hold letters, digits, blanks and . _ - $ % only"
            )
        return name

    def _policies(self) -> dict[str, PolicyDefinition]:
        policies: dict[str, PolicyDefinition] = {}
        for path in self._paths("policies"):
            root = self._xml(path)
            if root is None:
                continue
            name = self._name_of(root, path)
            if name in policies:
                self._diagnostics.error(
                    root,
                    f"there are two policies named '{name}'; the other is {policies[name].file}",
                )
                continue
            policies[name] = PolicyDefinition(
                type=root.name,
                name=name,
                enabled=_flag(root.attributes, "enabled", True),
                continue_on_error=_flag(root.attributes, "continueOnError", False),
                is_async=_flag(root.attributes, "async", False),
                element=root,
                file=root.file,
                line=root.line,
            )
        return policies

    def _resources(self) -> dict[str, Resource]:
        prefix = f"{self._kind}/resources/"
        resources: dict[str, Resource] = {}
        for path, content in self._files.items():
            if path.startswith(prefix):
                kind, _, name = path[len(prefix) :].partition("/")
                if name:
                    resources[f"{kind}://{name}"] = Resource(kind, name, content)
        return resources


def _flag(attributes: Mapping[str, str], name: str, default: bool) -> bool:
    text = attributes.get(name, "").strip().lower()
    return default if not text else text == "true"
