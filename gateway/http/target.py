"""The grammar of request targets: what is refused before anything looks at a path.

A path is routed, seen by policies and forwarded exactly as it came. So that no back end
can read another path than we did, dot segments in every disguise, NUL and control
characters are refused; encoded slashes and doubled ones are data and pass.
Sources: RFC 9112 section 3.2, RFC 3986 section 3.3.
"""

from __future__ import annotations

import re

_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_FORBIDDEN_CHARACTER = re.compile(r"[\x00-\x20\x7f#]")
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
_SEGMENT_END = re.compile(r"[/\\]|%2[Ff]|%5[Cc]")
_ENCODED_DOT = re.compile(r"%2[Ee]")
_PARAMETERS = re.compile(r";|%3[Bb]")
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?]*)(.*)", re.DOTALL)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z\-._~%!$&'()*+,;=]+)(?::[0-9]{0,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class BadTarget(ValueError):
    """A request target or a Host that is refused; the message says what it breaks."""


def check_path_and_query(target: str) -> None:
    """Raise `BadTarget` unless `target`, which starts with `/`, may pass."""
    if _FORBIDDEN_CHARACTER.search(target):
        raise BadTarget("the request target contains a blank, a control character or '#'")
    path, _, query = target.partition("?")
    if "%" in path:
        if path.count("%") != len(_ENCODED.findall(path)):
            raise BadTarget("the path contains '%' without two hexadecimal digits")
        if _ENCODED_CONTROL.search(path):
            raise BadTarget("the path contains an encoded control character")
    if "%00" in query:
        raise BadTarget("the query contains an encoded NUL")
    if "." in path or "%" in path:
        for segment in _SEGMENT_END.split(path):
            if _is_dot_segment(segment):
                raise BadTarget("the path contains a dot segment")


def _is_dot_segment(segment: str) -> bool:
    plain = _ENCODED_DOT.sub(".", segment)
    return _PARAMETERS.split(plain, maxsplit=1)[0] in (".", "..")


def path_and_query(target: str, method: str, scheme: str, host: str | None) -> str:
    """`target` as a request line has it, as path and query (`*` for OPTIONS only). An
    absolute form must have this connection's scheme and agree with `host`."""
    if target.startswith("/"):
        check_path_and_query(target)
        return target
    if target == "*":
        if method == "OPTIONS":
            return target
        raise BadTarget("the target * is for OPTIONS only")
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise BadTarget("the request target is neither a path nor an absolute URL")
    if absolute[1].lower() != scheme:
        raise BadTarget(f"the request target has the scheme {absolute[1]!r} on {scheme}")
    authority, rest = absolute[2].lower(), absolute[3]
    if not is_host(authority):
        raise BadTarget("the request target has no valid authority")
    if host is not None and _with_port(host.lower(), scheme) != _with_port(authority, scheme):
        raise BadTarget("the authority of the request target disagrees with Host")
    if rest == "" and method == "OPTIONS":
        return "*"
    if not rest.startswith("/"):
        rest = f"/{rest}"
    check_path_and_query(rest)
    return rest


def is_host(text: str) -> bool:
    """`uri-host [ ":" port ]` (RFC 9110 section 7.2) with a port that can exist."""
    if _HOST.fullmatch(text) is None:
        return False
    port = text.rpartition(":")[2] if not text.endswith("]") and ":" in text else ""
    return not port or int(port) < 65536


def _with_port(authority: str, scheme: str) -> str:
    default = _DEFAULT_PORTS.get(scheme, "")
    return authority.removesuffix(default).removesuffix(":")
