"""The actions that message policies share, read in document order and compiled.

Source: reference/policies/AssignMessage.md, behaviour 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from gateway.policies.action_recording import compile_recorded
from gateway.policies.action_scope import Action, MessageAction, Scope
from gateway.policies.assign_variable import AssignVariable, read_assign_variable
from gateway.policies.copy_actions import read_copy, read_remove
from gateway.policies.set_actions import Assignment, SetPayload, read_add, read_set

if TYPE_CHECKING:
    from gateway.bundle.xml import Element
    from gateway.flow.declarations import Reading

ACTIONS: dict[str, Callable[[Element, Reading], Iterator[MessageAction]]] = {
    "Set": read_set,
    "Add": read_add,
    "Copy": read_copy,
    "Remove": read_remove,
    "AssignVariable": read_assign_variable,
}
"""The elements that act, with their readers; each may occur several times."""


def read_actions(parent: Element, reading: Reading) -> tuple[MessageAction, ...]:
    """Every action below `parent`, in document order. Other elements are not its affair."""
    return tuple(
        action
        for child in parent.children
        if child.name in ACTIONS
        for action in ACTIONS[child.name](child, reading)
    )


def compile_actions(actions: Iterable[MessageAction], scope: Scope) -> tuple[Action, ...]:
    if scope.deployment.recorded:
        return tuple(compile_recorded(action, scope) for action in actions)
    return tuple(action.compile(scope) for action in actions)


def change_message(actions: Iterable[MessageAction]) -> bool:
    """Does any of them do more than assign variables?"""
    return any(not isinstance(action, AssignVariable) for action in actions)


def write_payload(actions: Iterable[MessageAction]) -> bool:
    """Does any of them set the body as a whole?"""
    return any(isinstance(action, SetPayload) for action in actions)


def sets_content_type(actions: Iterable[MessageAction]) -> bool:
    """Does any of them name the Content-Type header?"""
    return any(
        isinstance(action, Assignment)
        and action.kind == "Header"
        and action.name.lower() == "content-type"
        for action in actions
    )
