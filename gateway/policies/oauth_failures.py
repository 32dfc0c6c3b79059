"""The variables by which later steps see that a check of a token or key failed.

Unlike elsewhere, `fault.name` is the full errorcode: bundles compare it so.
Source: reference/policies/OAuthV2.md, "Variables".
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.flow.context import Context
    from gateway.flow.faults import FaultRaised

PREFIX = "oauthV2"


def record_failure(context: Context, policy: str, raised: FaultRaised) -> None:
    """Set `oauthV2.{policy}.failed` and its kin."""
    failed, fault_name, cause = _names(policy)
    variables = context.variables
    variables[failed] = True
    variables["oauthV2.failed"] = True
    variables[fault_name] = raised.fault.code
    variables[cause] = raised.text_for(context.place.flavor)


@lru_cache(maxsize=4096)
def _names(policy: str) -> tuple[str, str, str]:
    prefix = f"{PREFIX}.{policy}"
    return f"{prefix}.failed", f"{prefix}.fault.name", f"{prefix}.fault.cause"
