"""The peers, one small module each."""

from __future__ import annotations

from benchmarks.peers.envoy import EnvoyWithLua
from benchmarks.peers.nginx import Nginx, NginxWithLua
from benchmarks.subject import Subject

PEERS: tuple[Subject, ...] = (Nginx(), NginxWithLua(), EnvoyWithLua())
