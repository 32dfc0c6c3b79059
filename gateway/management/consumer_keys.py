"""New consumer keys and secrets.

Edge's classic lengths: 32 letters and digits for a key (190 bits), 16 for a secret (95
bits, far beyond guessing over a network and with guesses limited). The newer 48 and 64
are not needed and break clients with narrow columns. Source: reference/policies/OAuthV2.md
Behaviour 14.
"""

from __future__ import annotations

import secrets
import string

KEY_LENGTH = 32
SECRET_LENGTH = 16
_ALPHABET = string.ascii_letters + string.digits


def new_consumer_key() -> str:
    return _random(KEY_LENGTH)


def new_consumer_secret() -> str:
    return _random(SECRET_LENGTH)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
