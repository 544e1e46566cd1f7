"""How a Whatsminer of API 2 wants its writes: a token from a salted password, and AES over the whole command.

The system's crypt left Python with 3.13, so its MD5 form stands here; the miner asks for it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
import hashlib
import json
from typing import Any

from ..model.errors import DeviceGarbageError
from .web import parsed

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
_SALT_LENGTH, _ROUNDS, _BLOCK, _TIME_DIGITS = 8, 1000, 16, 4


@dataclass(frozen=True)
class Token:
    """One log-in: the sign that goes into each command and the key that encrypts it."""

    sign: str = field(repr=False)
    key: bytes = field(repr=False)


def token_for(password: str, *, salt: str, new_salt: str, time: str) -> Token:
    """Return the log-in that get_token's answer and the password make."""
    secret = md5_crypt(password, salt)
    return Token(sign=md5_crypt(secret + time[-_TIME_DIGITS:], new_salt), key=hashlib.sha256(secret.encode()).digest())


def encrypted(key: bytes, command: Mapping[str, Any]) -> bytes:
    """Return a command as the miner takes it."""
    return json.dumps({"enc": 1, "data": seal(key, json.dumps(command).encode())}).encode()


def decrypted(key: bytes, answer: Any) -> dict[str, Any]:
    """Return what an answer says, encrypted or, as some errors are, plain. Errors: DeviceGarbageError."""
    if isinstance(answer, dict) and isinstance(answer.get("enc"), str):
        answer = parsed(unseal(key, answer["enc"]))
    if not isinstance(answer, dict):
        raise DeviceGarbageError("no object")
    return answer


def seal(key: bytes, plain: bytes) -> str:
    """Encrypt, padded with zeros, as base64."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - only for writes

    padded = plain + bytes(-len(plain) % _BLOCK)
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the miner's choice
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def unseal(key: bytes, data: str) -> bytes:
    """Decrypt what `seal` made. Errors: DeviceGarbageError."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415 - only for writes

    try:
        decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - the miner's choice
        return (decryptor.update(base64.b64decode(data)) + decryptor.finalize()).rstrip(b"\0")
    except ValueError:
        raise DeviceGarbageError("an answer that cannot be decrypted") from None


def md5_crypt(password: str, salt: str) -> str:
    """Return the hash part of crypt's `$1$` form."""
    word, grain = password.encode(), salt.encode()[:_SALT_LENGTH]
    digest = _md5(word + grain + word)
    start = word + b"$1$" + grain
    start += (digest * (len(word) // len(digest) + 1))[: len(word)]
    length = len(word)
    while length:
        start += b"\0" if length & 1 else word[:1]
        length >>= 1
    digest = _md5(start)
    for turn in range(_ROUNDS):
        odd = turn & 1
        parts = (
            word if odd else digest,
            grain if turn % 3 else b"",
            word if turn % 7 else b"",
            digest if odd else word,
        )
        digest = _md5(b"".join(parts))
    spelt = "".join(_spell(digest[high] << 16 | digest[middle] << 8 | digest[low], 4) for high, middle, low in _ORDER)
    return spelt + _spell(digest[11], 2)


def _spell(value: int, letters: int) -> str:
    return "".join(_ALPHABET[value >> 6 * place & 63] for place in range(letters))


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
