"""What a request must be before anything runs: one meaning, within the limits.

The parser is strict; these checks refuse what it still lets pass, and find the name of
the fault for what it refused. Source: RFC 9112 sections 3, 5, 6 and 7;
reference/runtime/runtime-faults.md.
"""

from __future__ import annotations

import re

from multidict import CIMultiDict

from gateway.http.headers import SINGLE_VALUED
from gateway.http.limits import Limits
from gateway.http.message import Refusal

_HOST = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+(?:%25[A-Za-z0-9._~-]+)?\])(?::\d{0,5})?"
)
_TARGET = re.compile(r"/[^\x00-\x20\x7f#\\]*")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:[;/]|%3b|%2f|%5c|$)", re.IGNORECASE)
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_ABSOLUTE = re.compile(r"(https?)://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_WITH_BODY = frozenset({"POST", "PUT"})
_seen_hosts: set[str] = set()


def admit(method: str, target: str, version: str, headers: CIMultiDict[str], limits: Limits) -> str:
    """The origin-form target of an acceptable request. Raises `Refusal`."""
    if len(method) + len(target) + 10 > limits.line:
        raise Refusal("too_big_line", 414)
    check_framing(method, version, headers)
    hosts = headers.getall("Host", ())
    if len(hosts) != 1 and (hosts or version == "1.1"):
        if not hosts:
            raise Refusal("bad_request", 400, "there is no Host header")
        raise Refusal("duplicate_header", 400, header="Host")
    host = hosts[0] if hosts else ""
    if host not in _seen_hosts:
        _check_host(host, required=version == "1.1")
    if not target.startswith("/"):
        target = _origin_form(method, target, host)
    _check_target(target)
    for name in SINGLE_VALUED:
        if name in headers and len(headers.getall(name)) > 1:
            raise Refusal("duplicate_header", 400, header=name)
    return target


def _check_host(host: str, *, required: bool) -> None:
    if not host and not required:
        return
    if not _HOST.fullmatch(host):
        raise Refusal("bad_request", 400, "the Host header is not a host name")
    if len(_seen_hosts) < 1024:
        _seen_hosts.add(host)


def _origin_form(method: str, target: str, host: str) -> str:
    if target == "*" and method == "OPTIONS":
        return "/"
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise Refusal("bad_request", 400, "the request target is not a path")
    if "@" in found[2] or found[2].lower() != host.lower():
        raise Refusal("bad_request", 400, "the request target and the Host header disagree")
    rest = found[3]
    return rest if rest.startswith("/") else f"/{rest}"


def _check_target(target: str) -> None:
    if not _TARGET.fullmatch(target):
        raise Refusal("bad_request", 400, "a character in the request target is not allowed")
    path = target.partition("?")[0]
    if "/." in path or "%" in path:
        if _DOTS.search(path):
            raise Refusal("bad_request", 400, "dot segments in the path are not allowed")
        if _ENCODED_CONTROL.search(path):
            raise Refusal("bad_request", 400, "control characters in the path are not allowed")


def check_framing(method: str, version: str, headers: CIMultiDict[str]) -> None:
    """Content-Length or Transfer-Encoding: chunked, never both, never anything else."""
    coding = headers.getall("Transfer-Encoding", ())
    length = headers.getall("Content-Length", ())
    if coding:
        if length:
            raise Refusal("bad_request", 400, "both Content-Length and Transfer-Encoding")
        if version != "1.1" or len(coding) > 1 or coding[0].strip().lower() != "chunked":
            raise Refusal("bad_request", 400, "a Transfer-Encoding other than chunked")
    elif length:
        if len(length) > 1:
            raise Refusal("duplicate_header", 400, header="Content-Length")
        if not (length[0].isascii() and length[0].isdigit()):
            raise Refusal("bad_request", 400, "Content-Length is not a number")
    elif method in _WITH_BODY:
        raise Refusal("length_required", 411)


def diagnose(head: bytes, limits: Limits) -> Refusal:
    """The refusal for bytes that the parser did not take: the first rule they break."""
    start, _, rest = head.lstrip(b"\r\n").partition(b"\r\n")
    if len(start) > limits.line:
        return Refusal("too_big_line", 414)
    fields = rest.partition(b"\r\n\r\n")[0]
    if len(fields) > limits.headers:
        return Refusal("too_big_headers", 431)
    seen: set[str] = set()
    for line in fields.split(b"\r\n"):
        name_bytes, colon, _ = line.partition(b":")
        if not colon or line[:1] in (b" ", b"\t"):
            continue
        if not name_bytes:
            return Refusal("empty_header_name", 400)
        name = name_bytes.decode("utf-8", "replace")
        trouble = _name_trouble(name)
        if trouble is not None:
            return trouble
        if name.lower() in seen and name.title() in SINGLE_VALUED:
            return Refusal("duplicate_header", 400, header=name)
        seen.add(name.lower())
    return Refusal("bad_request", 400, "the message is not HTTP/1.1 as RFC 9112 defines it")


def _name_trouble(name: str) -> Refusal | None:
    if _TOKEN.fullmatch(name) or name != name.strip():
        return None
    for letter in name:
        if ord(letter) > 126:
            return Refusal("non_ascii_header", 400, header=name, character=letter)
        if not _TOKEN.fullmatch(letter):
            shown = letter if letter.isprintable() else f"\\x{ord(letter):02x}"
            return Refusal("invalid_header", 400, header=name, character=shown)
    return None
