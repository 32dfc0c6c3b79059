"""The start line of a message, as Set writes it: verb, path, version, status, reason.

Source: reference/policies/AssignMessage.md, "Elements".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from gateway.flow.context import Context
from gateway.flow.message import Message
from gateway.flow.message_variables import header_text
from gateway.policies.action_reading import TOKEN
from gateway.policies.action_scope import Action, Scope, TemplateText

_NOT_IN_PATH = re.compile(r"[^\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class SetStartLine:
    """Verb, Version or Path of a request; StatusCode or ReasonPhrase of a response. On
    the other kind of message, and with a value that HTTP cannot carry, no effect."""

    part: str
    value: TemplateText

    @property
    def changes(self) -> tuple[str, ...]:
        return (PARTS[self.part],)

    def compile(self, scope: Scope) -> Action:
        write = START_LINE[self.part]
        template = scope.template(self.value)
        render = template.render
        if template.literal is not None and self.part == "StatusCode":
            self._check_status(template.literal, scope)
        of_request = self.part in ("Verb", "Version", "Path")

        def assign(ctx: Context, message: Message) -> None:
            if message.is_request is of_request:
                write(message, render(ctx).strip())

        return assign

    def _check_status(self, text: str, scope: Scope) -> None:
        if status_code(text) is None:
            scope.deployment.diagnostics.warning(
                self.value.where,
                f"<StatusCode> '{text}' is not a status from 200 to 999: it has no effect",
            )


def status_code(text: str) -> int | None:
    """The status of an answer; None for what is no number from 200 to 999 (an interim
    1xx cannot be an answer)."""
    text = text.strip()
    if len(text) != 3 or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if text[0] >= "2" else None


def _set_status(message: Message, text: str) -> None:
    status = status_code(text)
    if status is not None:
        message.status_code = status


def _set_reason(message: Message, text: str) -> None:
    if text:
        message.reason = header_text(text)


def _set_verb(message: Message, text: str) -> None:
    if TOKEN.fullmatch(text):
        message.verb = text


def _set_version(message: Message, text: str) -> None:
    version = text.removeprefix("HTTP/")
    if version in ("1.0", "1.1"):
        message.version = version


def _set_path(message: Message, text: str) -> None:
    sendable = _NOT_IN_PATH.sub(lambda found: quote(found[0], errors="replace"), text)
    path, mark, query = sendable.partition("?")
    if path:
        message.path = path
    if mark:
        message.query = query


PARTS = {
    "Verb": "verb",
    "Version": "version",
    "Path": "path",
    "StatusCode": "status.code",
    "ReasonPhrase": "reason.phrase",
}
"""The elements of a start line, with the variables that they are."""

START_LINE: dict[str, Callable[[Message, str], None]] = {
    "Verb": _set_verb,
    "Version": _set_version,
    "Path": _set_path,
    "StatusCode": _set_status,
    "ReasonPhrase": _set_reason,
}
