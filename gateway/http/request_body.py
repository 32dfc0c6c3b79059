"""The body of a client's request that is still arriving."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from aiohttp.streams import StreamReader

from gateway.http.message import BodyTooBig, ClientGone, ClientTimeout, Headers, Refusal


class ArrivingBody:
    """A `BodyStream` over aiohttp's StreamReader.

    Reading raises `ClientTimeout`, `ClientGone`, or `Refusal` where the rest of the
    body turned out to be malformed. The first read answers `Expect: 100-continue`.
    """

    __slots__ = ("_before_first_read", "_payload", "length", "started", "trailers")

    def __init__(
        self, payload: StreamReader, length: int | None, before_first_read: Callable[[], None]
    ) -> None:
        self._payload = payload
        self._before_first_read = before_first_read
        self.length = length
        self.trailers: Headers | None = None
        """Always None: aiohttp's parser does not keep trailers of requests."""
        self.started = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            chunk = await self._next()
            if not chunk:
                return
            yield chunk

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `BodyTooBig` beyond `limit` bytes."""
        if self.length is not None and self.length > limit:
            raise BodyTooBig(f"{self.length} bytes are more than {limit}")
        chunks: list[bytes] = []
        size = 0
        while chunk := await self._next():
            size += len(chunk)
            if size > limit:
                raise BodyTooBig(f"more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    async def _next(self) -> bytes:
        if not self.started:
            self.started = True
            self._before_first_read()
        try:
            return await self._payload.readany()
        except (ClientTimeout, ClientGone, Refusal):
            raise
        except ConnectionError as error:
            raise ClientGone(str(error)) from error
        except Exception as error:
            raise Refusal("bad_request", 400, "the body is malformed") from error
