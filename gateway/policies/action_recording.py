"""The recorded variant of an action: it tells the recorder what it wrote.

Set, Add, Copy and Remove write parts of a message without going through a variable's
setter; a trace still shows them as `request.header.X` and the like.
"""

from __future__ import annotations

from gateway.flow.context import Context
from gateway.flow.message import Message
from gateway.flow.message_variables import message_part
from gateway.policies.action_scope import Action, MessageAction, Scope


def compile_recorded(action: MessageAction, scope: Scope) -> Action:
    """The action, followed by what its parts of the message hold now."""
    act = action.compile(scope)
    parts = tuple((part, message_part(part).read) for part in action.changes)
    if not parts:
        return act
    target = scope.target or "error"

    def recorded(ctx: Context, message: Message) -> None:
        act(ctx, message)
        if ctx.recorder is not None:
            name = ctx.phase if target == "message" else target
            for part, read in parts:
                ctx.recorder.wrote(f"{name}.{part}", read(message))

    return recorded
