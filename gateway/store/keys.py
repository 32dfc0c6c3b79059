"""The keys of a data directory: encryption of secrets, hashing of tokens.

One file, readable by its owner only. Each encrypted value names its key, so that an
operator can rotate: new values use the new key, old ones stay readable.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.store.errors import StoreError

FILE_NAME = "keys.json"
TOKEN_HASH_SIZE = 20
"""Bytes: a guess hits a stored token with 2^-160 (RFC 6749 section 10.10)."""
_NONCE = 12


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    """The content of the file."""

    current: str
    encryption: dict[str, bytes]
    tokens: bytes


class KeyRing:
    """AES-256-GCM keys by id, and the key of the token hashes."""

    def __init__(self, path: Path, keys: _Keys) -> None:
        self.path = path
        self._take(keys)

    @classmethod
    def open(cls, folder: Path) -> KeyRing:
        """The key ring of a data directory, made at the first start. Raises
        `StoreError` when it cannot be read or written."""
        path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                _write(path, _new_keys(), replace=False)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error.strerror or error}\n"
                "Name another data directory with --data-dir."
            ) from error
        return cls(path, _read(path))

    @property
    def fingerprint(self) -> str:
        """Names the key of the token hashes without telling it."""
        return blake2b(b"fingerprint", key=self._keys.tokens, digest_size=16).hexdigest()

    def rotate(self) -> None:
        """Encrypt with a new key from now on; what older keys encrypted stays readable."""
        keys = _read(self.path)
        name = _next_name(keys.encryption)
        encryption = {**keys.encryption, name: secrets.token_bytes(32)}
        keys = _Keys(name, encryption, keys.tokens)
        _write(self.path, keys, replace=True)
        self._take(keys)

    def encrypt(self, text: str, purpose: str) -> bytes:
        """`purpose` binds the value to its place: it decrypts nowhere else."""
        nonce = os.urandom(_NONCE)
        name = self._keys.current.encode()
        cipher = self._ciphers[self._keys.current]
        sealed = cipher.encrypt(nonce, text.encode(), purpose.encode())
        return bytes([len(name)]) + name + nonce + sealed

    def decrypt(self, value: bytes, purpose: str) -> str:
        """Raises `StoreError` when the key is not in the ring or the value was changed."""
        start = 1 + value[0]
        nonce, sealed = value[start : start + _NONCE], value[start + _NONCE :]
        try:
            return self._cipher(_key_id(value)).decrypt(nonce, sealed, purpose.encode()).decode()
        except (KeyError, InvalidTag) as error:
            raise StoreError(
                f"a stored secret cannot be read with {self.path}: is it the key file of "
                "this database?"
            ) from error

    def needs_rotation(self, value: bytes) -> bool:
        """Whether `value` is encrypted with an older key."""
        return _key_id(value) != self._keys.current

    def token_hasher(self) -> Callable[[str], bytes]:
        """The function from a token to the keyed hash by which it is known.

        Keyed BLAKE2b, set up once: 0.6 microseconds a token where HMAC-SHA-256 takes
        2.7 (docs/decisions/003-store.md).
        """
        start = blake2b(key=self._keys.tokens, digest_size=TOKEN_HASH_SIZE).copy

        def token_hash(token: str) -> bytes:
            hashing = start()
            hashing.update(token.encode("utf-8", "surrogatepass"))
            return hashing.digest()

        return token_hash

    def _cipher(self, name: str) -> AESGCM:
        if name not in self._ciphers:
            # Another process has rotated.
            self._take(_read(self.path))
        return self._ciphers[name]

    def _take(self, keys: _Keys) -> None:
        self._keys = keys
        self._ciphers = {name: AESGCM(key) for name, key in keys.encryption.items()}


def _next_name(names: Iterable[str]) -> str:
    """A name above all others: old keys may have been taken out of the file."""
    numbers = [int(name[1:]) for name in names if name[1:].isdecimal()]
    return f"k{max(numbers, default=0) + 1}"


def _key_id(value: bytes) -> str:
    return value[1 : 1 + value[0]].decode()


def _new_keys() -> _Keys:
    return _Keys("k1", {"k1": secrets.token_bytes(32)}, secrets.token_bytes(32))


def _read(path: Path) -> _Keys:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        keys = {name: base64.b64decode(key) for name, key in content["keys"].items()}
        current, tokens = str(content["current"]), base64.b64decode(content["token_key"])
        if current not in keys or len(tokens) < 16:
            raise ValueError("a key is missing")
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} is damaged ({error}): restore it from a backup; without it the "
            "secrets in the database cannot be read"
        ) from error
    return _Keys(current, keys, tokens)


def _write(path: Path, keys: _Keys, *, replace: bool) -> None:
    """Write whole or not at all. Without `replace` whoever was first wins: two
    processes that start at the same time end up with the same keys."""
    content = {
        "current": keys.current,
        "keys": {name: base64.b64encode(key).decode() for name, key in keys.encryption.items()},
        "token_key": base64.b64encode(keys.tokens).decode(),
    }
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
