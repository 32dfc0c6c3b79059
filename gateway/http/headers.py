"""Header rules: what is hop-by-hop, what may come once, how a head is written.

Sources: RFC 9110 sections 7.6.1 and 5, reference/runtime/endpoint-properties.md
section 6, reference/runtime/runtime-faults.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus

from multidict import istr

from gateway.http.message import Headers

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Lower-case names of fields that end at this hop. None of them leaves the gateway."""

PROTECTED = frozenset(
    {
        "authorization",
        "cache-control",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "host",
        "location",
        "set-cookie",
        "www-authenticate",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
    }
)
"""Lower-case names that `Connection` cannot remove."""

SINGLE_VALUED = frozenset(
    {"authorization", "content-length", "content-type", "expires", "host", "transfer-encoding"}
)
"""Lower-case names that may come once: a second one is the fault DuplicateHeader."""

REASONS: dict[int, str] = {
    **{status.value: status.phrase for status in HTTPStatus},
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
    431: "Request Header Fields Too Large",
}
"""Reason phrases as Apigee writes them."""

CONNECTION = istr("Connection")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_KNOWN_NAMES = 1024


class FieldWriter:
    """Writes header fields and leaves out those of one set.

    Names are checked and classified once each; values are checked all together, by
    counting the line ends of what was written.
    """

    __slots__ = ("_prefixes",)

    def __init__(self, dropped: Collection[str]) -> None:
        """`dropped`: lower-case names never written."""
        self._prefixes = _Prefixes(dropped)

    def write(self, headers: Headers) -> str:
        """The lines of `headers`, each ended by CRLF. Raises ValueError where a name is
        no token or a value contains CR, LF or NUL."""
        prefixes = self._prefixes
        lines = [prefix + value for name, value in headers.items() if (prefix := prefixes[name])]
        if not lines:
            return ""
        ends = len(lines)
        lines.append("")
        text = "\r\n".join(lines)
        if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
            raise ValueError(f"a value of {_culprit(headers)} contains CR, LF or NUL")
        return text


class _Prefixes(dict[str, str]):
    """What is written before a value, by name: `Name: `, or nothing to leave it out."""

    def __init__(self, dropped: Collection[str]) -> None:
        super().__init__()
        self._dropped = frozenset(dropped)

    def __missing__(self, name: str) -> str:
        if name.lower() in self._dropped:
            prefix = ""
        elif not is_token(name):
            raise ValueError(f"{name!r} is not a header name")
        else:
            prefix = f"{name}: "
        if len(self) >= _KNOWN_NAMES:
            self.clear()
        self[name] = prefix  # the same object comes again, and is found by identity
        return prefix


def _culprit(headers: Headers) -> str:
    for name, value in headers.items():
        if any(end in value for end in "\r\n\0"):
            return name
    return "a header"


def _names_are_unique(headers: Headers) -> bool:
    return len(headers.keys()) == len(headers)


def _names_are_unique_for_old_multidict(headers: Headers) -> bool:
    return len({name.lower() for name, _ in headers.items()}) == len(headers)


has_unique_names = (
    _names_are_unique
    if len(Headers([("a", ""), ("A", "")]).keys()) == 1
    else _names_are_unique_for_old_multidict
)
"""Whether every name occurs once. Since multidict 7 its views know."""


def doubled_single_value(headers: Headers) -> str | None:
    """The name of a field that may come once and came twice, in any spelling."""
    seen: set[str] = set()
    for name, _ in headers.items():  # iterating names alone gives each one once
        lower = name.lower()
        if lower in seen and lower in SINGLE_VALUED:
            return str(name)
        seen.add(lower)
    return None


def is_token(text: str) -> bool:
    """RFC 9110 section 5.6.2."""
    return _TOKEN.fullmatch(text) is not None


def drop_named_by_connection(headers: Headers) -> None:
    """Remove the fields that `Connection` names, in place, except the protected ones.

    Done where a message arrives: a field that a policy adds later cannot be removed by
    what the sender wrote into `Connection`. `Connection` itself stays readable and is
    left out when the message leaves.
    """
    for value in headers.getall(CONNECTION, ()):
        for token in value.split(","):
            name = token.strip().lower()
            if name and name not in PROTECTED and name not in HOP_BY_HOP and name in headers:
                del headers[name]


def reason_phrase(status: int) -> str:
    return REASONS.get(status, "Unknown")
