"""The keys of a data directory: encryption of secrets, hashing of tokens.

One file, readable by its owner only. Each encrypted value names its key, so that an
operator can rotate: new values use the new key, old ones stay readable.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.store.errors import StoreError

FILE_NAME = "keys.json"
_NONCE = 12


class KeyRing:
    """AES-256-GCM keys by id, and the key of the token hashes."""

    def __init__(self, path: Path, current: str, keys: dict[str, bytes], token_key: bytes) -> None:
        self._path = path
        self._current = current
        self._keys = keys
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.token_key = token_key

    @classmethod
    def open(cls, folder: Path) -> KeyRing:
        """The key ring of a data directory, made at the first start. Raises
        `StoreError` when it cannot be read or written."""
        path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                ring = cls(path, "k1", {"k1": secrets.token_bytes(32)}, secrets.token_bytes(32))
                ring._save()
                return ring
            content = json.loads(path.read_text(encoding="utf-8"))
            keys = {name: base64.b64decode(key) for name, key in content["keys"].items()}
            return cls(path, content["current"], keys, base64.b64decode(content["token_key"]))
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror or error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path} is damaged ({error}): restore it from a backup; without it the "
                "secrets in the database cannot be read"
            ) from error

    def rotate(self) -> None:
        """Encrypt with a new key from now on."""
        name = f"k{len(self._keys) + 1}"
        self._keys[name] = secrets.token_bytes(32)
        self._ciphers[name] = AESGCM(self._keys[name])
        self._current = name
        self._save()

    def encrypt(self, text: str, purpose: str) -> bytes:
        """`purpose` binds the value to its place: it decrypts nowhere else."""
        nonce = os.urandom(_NONCE)
        name = self._current.encode()
        sealed = self._ciphers[self._current].encrypt(nonce, text.encode(), purpose.encode())
        return bytes([len(name)]) + name + nonce + sealed

    def decrypt(self, value: bytes, purpose: str) -> str:
        """Raises `StoreError` when the key is not in the ring or the value was changed."""
        length = value[0]
        name = value[1 : 1 + length].decode()
        nonce = value[1 + length : 1 + length + _NONCE]
        try:
            sealed = value[1 + length + _NONCE :]
            return self._ciphers[name].decrypt(nonce, sealed, purpose.encode()).decode()
        except (KeyError, InvalidTag) as error:
            raise StoreError(
                f"a stored secret cannot be read with {self._path}: is it the key file of "
                "this database?"
            ) from error

    def needs_rotation(self, value: bytes) -> bool:
        """Whether `value` is encrypted with an older key."""
        return value[1 : 1 + value[0]].decode() != self._current

    def token_hash(self, token: str) -> bytes:
        """The keyed hash by which a token is known (32 bytes)."""
        return hmac.digest(self.token_key, token.encode("utf-8", "surrogateescape"), "sha256")

    def _save(self) -> None:
        content = {
            "current": self._current,
            "keys": {name: base64.b64encode(key).decode() for name, key in self._keys.items()},
            "token_key": base64.b64encode(self.token_key).decode(),
        }
        draft = self._path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
