"""A target for large bodies: counts what it receives, sends what it is asked for.

    python -m benchmarks.ours.sink PORT

POST: the whole body is read, the answer is its length in bytes. GET /?bytes=N: N bytes.
"""

from __future__ import annotations

import asyncio
import sys

CHUNK = b"x" * 65536


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await _answer(head.decode("latin-1"), reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _answer(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if head.startswith("GET"):
        size = int(head.split()[1].partition("bytes=")[2] or 0)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for start in range(0, size, len(CHUNK)):
            writer.write(CHUNK[: size - start])
            await writer.drain()
        return
    received = str(await _read_body(head.lower(), reader)).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(received), received))
    await writer.drain()


async def _read_body(head: str, reader: asyncio.StreamReader) -> int:
    """Read a body to its end; how many bytes it had."""
    if "transfer-encoding: chunked" in head:
        total = 0
        while size := int((await reader.readline()).partition(b";")[0], 16):
            await _skip(reader, size + 2)
            total += size
        while (await reader.readline()).strip():
            pass
        return total
    _, found, rest = head.partition("content-length:")
    return await _skip(reader, int(rest.partition("\r\n")[0]) if found else 0)


async def _skip(reader: asyncio.StreamReader, size: int) -> int:
    left = size
    while left:
        data = await reader.read(min(left, 1 << 18))
        if not data:
            raise ConnectionError("the body ended early")
        left -= len(data)
    return size


async def main(port: int) -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 18)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
