"""Before it is measured, a subject proves that it does W: a fast wrong answer is none."""

from __future__ import annotations

import urllib.error
import urllib.request

from benchmarks.subject import Serving, Subject


class DoesNotDoTheWork(RuntimeError):
    """A subject answered otherwise than W asks for."""


def prove(subject: Subject, serving: Serving) -> None:
    """A known token: 200 and 300 bytes. An unknown one and none: 401, if it checks."""
    token = serving.tokens.read_text().split("\n", 1)[0]
    _expect(subject, 200, 300, _get(serving.url, f"Bearer {token}"))
    if subject.checks_tokens:
        _expect(subject, 401, None, _get(serving.url, "Bearer 0123456789012345678901234567"))
        _expect(subject, 401, None, _get(serving.url, None))


def _get(url: str, authorization: str | None) -> tuple[int, int]:
    """Status and length of the body."""
    headers = {"Authorization": authorization} if authorization else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, len(error.read())


def _expect(subject: Subject, status: int, size: int | None, found: tuple[int, int]) -> None:
    if found[0] != status or (size is not None and found[1] != size):
        raise DoesNotDoTheWork(
            f"{subject.name} answered {found[0]} with {found[1]} bytes instead of {status}"
        )
