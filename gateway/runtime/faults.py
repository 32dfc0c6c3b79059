"""Faults that no policy owns: routing, protocol, target.

Source: reference/runtime/runtime-faults.md.
"""

from __future__ import annotations

from gateway.flow.faults import Fault, FaultRaised, Flavor
from gateway.http.message import Refusal, UpstreamError

_HTTP = "messaging.adaptors.http.flow"


def _messaging(name: str, status: int, text: str, **more: str) -> Fault:
    return Fault(f"{_HTTP}.{name}", status, text, category="Messaging", **more)  # type: ignore[arg-type]


def _protocol(name: str, status: int, text: str) -> Fault:
    return Fault(f"protocol.http.{name}", status, text, category="Messaging")


APPLICATION_NOT_FOUND = _messaging(
    "ApplicationNotFound", 404, "Unable to identify proxy for host: {host} and url: {path}"
)
ROUTE_FAILED = Fault(
    "messaging.runtime.RouteFailed",
    500,
    "Unable to route the message to a Target Endpoint",
    category="Messaging",
)
INTERNAL_SERVER_ERROR = _messaging("InternalServerError", 500, "Internal Server Error")
BAD_GATEWAY = _messaging("BadGateway", 502, "Bad Gateway")
ERROR_RESPONSE_CODE = _messaging("ErrorResponseCode", 500, "")
GATEWAY_TIMEOUT = _messaging("GatewayTimeout", 504, "Gateway Timeout", reason="TARGET_READ_TIMEOUT")
SERVICE_UNAVAILABLE = _messaging(
    "ServiceUnavailable", 503, "The Service is temporarily unavailable"
)
REQUEST_TIMED_OUT = _messaging("RequestTimeOut", 408, "Request timed out")
UNEXPECTED_EOF = _messaging("UnexpectedEOFAtTarget", 502, "Unexpected EOF at target")
SSL_HANDSHAKE_FAILED = _messaging("SslHandshakeFailed", 503, "SSL Handshake failed {detail}")
LENGTH_REQUIRED = _messaging("LengthRequired", 411, "'Content-Length' is missing")
BAD_REQUEST = Fault("protocol.http.BadRequest", 400, "Bad request: {detail}", category="Messaging")
NO_RESOLVED_HOST = _protocol("NoResolvedHost", 503, "Unable to resolve host {host}")
EMPTY_PATH = _protocol("EmptyPath", 500, "Request path cannot be empty")
BAD_PATH = _protocol("BadPath", 500, "Invalid request path")
BAD_FORM_DATA = _protocol("BadFormData", 500, "Bad Form Data")
TOO_BIG_BODY_AT_REQUEST = _protocol("TooBigBody", 413, "Body buffer overflow")
TOO_BIG_BODY_AT_RESPONSE = _protocol("TooBigBody", 502, "Body buffer overflow")
DUPLICATE_HEADER = _protocol("DuplicateHeader", 400, 'Duplicate Header "{header}"')
EMPTY_HEADER_NAME = _protocol("EmptyHeaderName", 400, "Header name cannot be empty")
NON_ASCII_HEADER = _protocol(
    "HeaderNameWithNonAsciiChar", 400, "Header {header} contains non ascii character {character}"
)
INVALID_HEADER = _protocol(
    "HeaderWithInvalidChar", 400, "Header {header} contains invalid character {character}"
)
TOO_BIG_LINE = _protocol("TooBigLine", 414, "{side} line size exceeding {limit:,}")
TOO_BIG_HEADERS = _protocol("TooBigHeaders", 431, "{side} headers size exceeding {limit:,}")

RESPONSE_WITH_BODY = _protocol(
    "ResponseWithBody", 502, "Received {status_code} Response with message body"
)

_REFUSALS: dict[str, Fault] = {
    "bad_request": BAD_REQUEST,
    "too_big_line": TOO_BIG_LINE,
    "too_big_headers": TOO_BIG_HEADERS,
    "duplicate_header": DUPLICATE_HEADER,
    "empty_header_name": EMPTY_HEADER_NAME,
    "non_ascii_header": NON_ASCII_HEADER,
    "invalid_header": INVALID_HEADER,
    "length_required": LENGTH_REQUIRED,
    "request_timeout": REQUEST_TIMED_OUT,
    "too_big_body": TOO_BIG_BODY_AT_REQUEST,
    "overloaded": SERVICE_UNAVAILABLE,
    "internal": INTERNAL_SERVER_ERROR,
}
_AT_TARGET: dict[str, Fault] = {
    "refused": SERVICE_UNAVAILABLE,
    "connect_timeout": SERVICE_UNAVAILABLE,
    "unresolved": NO_RESOLVED_HOST,
    "tls": SSL_HANDSHAKE_FAILED,
    "timeout": GATEWAY_TIMEOUT,
    "eof": UNEXPECTED_EOF,
    "invalid": BAD_GATEWAY,
    "response_with_body": RESPONSE_WITH_BODY,
    "too_big_line": TOO_BIG_LINE,
    "too_big_headers": TOO_BIG_HEADERS,
    "duplicate_header": DUPLICATE_HEADER,
    "empty_header_name": EMPTY_HEADER_NAME,
    "non_ascii_header": NON_ASCII_HEADER,
    "invalid_header": INVALID_HEADER,
}
_LINE_LIMITS: dict[Flavor, tuple[int, int]] = {"edge": (7168, 25600), "x": (10240, 61440)}
_RESPONSE_LINE_LIMIT = 2048


def refused(refusal: Refusal, flavor: Flavor) -> FaultRaised:
    """The fault of a request that the listener refused. The status of a refusal without
    a fault of its own stays what the listener chose."""
    fault = _REFUSALS.get(refusal.kind, BAD_REQUEST)
    line, headers = _LINE_LIMITS[flavor]
    limit = line if refusal.kind == "too_big_line" else headers
    values = {
        "detail": refusal.detail or refusal.kind.replace("_", " "),
        "side": "request",
        "limit": limit,
        "header": "",
        "character": "",
        **refusal.values,
    }
    return FaultRaised(fault, values, status=refusal.status)


def failed_at_target(error: UpstreamError, host: str, flavor: Flavor) -> FaultRaised:
    """The fault of a target call that failed; protocol errors of targets are 502."""
    fault = _AT_TARGET.get(error.kind, BAD_GATEWAY)
    status = 502 if fault.status in (400, 414, 431) else None
    limit = _RESPONSE_LINE_LIMIT if error.kind == "too_big_line" else _LINE_LIMITS[flavor][1]
    values = {
        "detail": error.detail,
        "side": "response",
        "limit": limit,
        "header": "",
        "character": "",
        "host": host,
        "status_code": "",
        **error.values,
    }
    return FaultRaised(fault, values, status=status)
