"""One module per policy type, named as the type in lower case; nothing else.

`find_policy_type("OAuthV2")` imports `gateway.policies.oauthv2` when a bundle uses it:
no policy is known by name anywhere else, and a start imports only what is deployed.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

from gateway.flow.policy import Policy


@cache
def find_policy_type(type_name: str) -> type[Policy] | None:
    """The class of a policy type by its root element's name; None when there is no
    module for it. A type that only differs in case is another type, as in Apigee."""
    if not re.fullmatch(r"[A-Za-z0-9]+", type_name):
        return None
    module_name = f"{__name__}.{type_name.lower()}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        return None
    found = getattr(module, type_name, None)
    if isinstance(found, type) and issubclass(found, Policy) and found.type == type_name:
        return found
    return None


def policy_types() -> tuple[type[Policy], ...]:
    """Every policy type that this gateway runs, by name: for documentation and tests."""
    found: dict[str, type[Policy]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Policy) and value.type:
                found[value.type] = value
    return tuple(found[name] for name in sorted(found))
