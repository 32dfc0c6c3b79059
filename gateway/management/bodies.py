"""Reads request bodies: JSON, forms, and bundles as raw ZIP or multipart part `file`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, web

from gateway.bundle.files import MAX_BYTES as MAX_BUNDLE
from gateway.management.errors import ApiError, invalid_field
from gateway.management.fields import Fields, read_object

MAX_JSON = 1024 * 1024
MAX_FORM = 64 * 1024


def _too_large(limit: int) -> ApiError:
    return ApiError(
        413, "management.BodyTooLarge", f"The body is larger than the {limit:,} bytes allowed here"
    )


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body. Raises `ApiError` 413 when it is longer than `limit`."""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    total = 0
    async for chunk in request.content.iter_any():
        total += len(chunk)
        if total > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: web.Request) -> Fields:
    """The JSON object of the body; an empty one for an empty body."""
    return read_object(await read_body(request, MAX_JSON), request.content_type)


async def read_form(request: web.Request) -> dict[str, str]:
    """The parameters of a form body, whatever its media type says; the first of each
    name counts."""
    content = await read_body(request, MAX_FORM)
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise ApiError(400, "management.InvalidForm", "The body is not a readable form") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        form.setdefault(name, value)
    return form


async def read_bundle_archive(request: web.Request) -> bytes:
    """The ZIP of an import: the raw body, or the part `file` of a multipart one."""
    if not request.content_type.startswith("multipart/"):
        content = await read_body(request, MAX_BUNDLE)
    else:
        content = await _read_part(request)
    if not content:
        raise ApiError(400, "management.MissingBundle", "The body holds no bundle ZIP")
    return content


async def _read_part(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BUNDLE + MAX_FORM:
        raise _too_large(MAX_BUNDLE)
    try:
        reader = await request.multipart()
        found = await _find_file(reader)
    except (ValueError, AssertionError, RuntimeError, EOFError) as error:
        raise invalid_field("body", f"not a readable multipart body: {error}") from None
    if found is None:
        raise ApiError(
            400, "management.MissingBundle", "The multipart body has no part named 'file'"
        )
    return found


async def _find_file(reader: MultipartReader) -> bytes | None:
    for _ in range(20):
        part = await reader.next()
        if part is None:
            return None
        if isinstance(part, BodyPartReader) and (part.name == "file" or part.filename):
            return await _part_content(part)
        if isinstance(part, BodyPartReader):
            await _part_content(part)
    return None


async def _part_content(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        content += chunk
        if len(content) > MAX_BUNDLE:
            raise _too_large(MAX_BUNDLE)
    return bytes(content)
