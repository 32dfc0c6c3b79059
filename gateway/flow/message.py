"""A message as policies see it: request, response, error, or one of their own making.

Everything is lazy: text, query and form parameters are parsed on first use and written
back when they were changed. Source: reference/runtime/variables.md, "Message objects".
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Protocol

from multidict import CIMultiDict

from gateway.flow.parameters import BadEncoding, Parameters

FORM = "application/x-www-form-urlencoded"
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)


class BadFormData(ValueError):
    """A form body that is not URL-encoded (fault protocol.http.BadFormData)."""


class Stream(Protocol):
    """A body that was not read yet; the listener's or the client's."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def read(self, limit: int) -> bytes: ...


class Message:
    """One HTTP message. `is_request` decides which of the other attributes matter.

    `path` is the path without query, `query` the raw text after `?` ("" when none),
    `body` the bytes as they travel, `stream` stands in for `body` until it is read.
    """

    # Defaults live on the class: an exchange makes several messages and sets few of
    # their attributes.
    verb: str = "GET"
    path: str = ""
    version: str = "1.1"
    status_code: int = 200
    reason: str | None = None
    stream: Stream | None = None
    _query: str = ""
    _params: Parameters | None = None
    _form: Parameters | None = None
    _text: str | None = None

    def __init__(self, is_request: bool, headers: CIMultiDict[str], body: bytes = b"") -> None:
        self.is_request = is_request
        self.headers = headers
        self._body = body

    @classmethod
    def request(cls, verb: str = "GET", headers: CIMultiDict[str] | None = None) -> Message:
        message = cls(True, CIMultiDict() if headers is None else headers)
        message.verb = verb
        return message

    @classmethod
    def response(
        cls, status: int = 200, headers: CIMultiDict[str] | None = None, body: bytes = b""
    ) -> Message:
        message = cls(False, CIMultiDict() if headers is None else headers, body)
        message.status_code = status
        return message

    @classmethod
    def received(
        cls, verb: str, path: str, query: str, version: str, headers: CIMultiDict[str]
    ) -> Message:
        """A request as a listener got it; its body is set by whoever has it."""
        message = cls(True, headers)
        message.verb = verb
        message.path = path
        if query:
            message._query = query
        if version != "1.1":
            message.version = version
        return message

    # -- body

    @property
    def body(self) -> bytes:
        form = self._form
        if form is not None and form.changed:
            self._body = form.encoded().encode()
            form.changed = False
            self._text = None
        return self._body

    @body.setter
    def body(self, value: bytes) -> None:
        self._body = value
        self._text = None
        self._form = None
        self.stream = None

    @property
    def content(self) -> str:
        """The body as text, by the charset of Content-Type, UTF-8 unless it says."""
        body = self.body
        if self._text is None:
            self._text = _decode(body, self.headers.get("Content-Type"))
        return self._text

    @content.setter
    def content(self, text: str) -> None:
        self.body = _encode(text, self.headers.get("Content-Type"))
        self._text = text

    # -- query and form

    @property
    def query(self) -> str:
        """The raw query, with the edits that policies made."""
        params = self._params
        if params is not None and params.changed:
            self._query = params.encoded()
            params.changed = False
        return self._query

    @query.setter
    def query(self, text: str) -> None:
        self._query = text
        self._params = None

    @property
    def query_params(self) -> Parameters:
        if self._params is None:
            self._params = Parameters(self._query)
        return self._params

    @property
    def has_form(self) -> bool:
        content_type = self.headers.get("Content-Type")
        return content_type is not None and content_type.lower().startswith(FORM)

    @property
    def form_params(self) -> Parameters:
        """The form body's parameters; none unless Content-Type says it is a form.
        Raises `BadFormData` when the body is not URL-encoded."""
        if not self.has_form:
            return Parameters()
        if self._form is None:
            try:
                self._form = Parameters(self._body.decode("utf-8", "replace"), strict=True)
            except BadEncoding as error:
                raise BadFormData(str(error)) from None
        return self._form

    def make_form(self) -> Parameters:
        """The form parameters to edit; the message becomes a form if it was none."""
        if not self.has_form:
            self.headers["Content-Type"] = FORM
            self.body = b""
        return self.form_params

    # -- head

    @property
    def uri(self) -> str:
        query = self.query
        return f"{self.path}?{query}" if query else self.path

    @property
    def reason_phrase(self) -> str:
        if self.reason is not None:
            return self.reason
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    def copy(self) -> Message:
        """An independent copy; a stream stays with the original."""
        twin = Message(self.is_request, CIMultiDict(self.headers), self.body)
        twin.verb = self.verb
        twin.path = self.path
        twin.query = self.query
        twin.version = self.version
        twin.status_code = self.status_code
        twin.reason = self.reason
        twin._text = self._text
        return twin

    def __repr__(self) -> str:
        head = f"{self.verb} {self.uri}" if self.is_request else str(self.status_code)
        return f"<Message {head}>"


def _charset(content_type: str | None) -> str:
    if content_type is None or "charset" not in content_type.lower():
        return "utf-8"
    found = _CHARSET.search(content_type)
    return found[1] if found else "utf-8"


def _decode(body: bytes, content_type: str | None) -> str:
    try:
        return body.decode(_charset(content_type), "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _encode(text: str, content_type: str | None) -> bytes:
    try:
        return text.encode(_charset(content_type))
    except (LookupError, UnicodeEncodeError):
        return text.encode("utf-8", "replace")
