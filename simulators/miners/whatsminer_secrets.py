"""What an emulated Whatsminer knows of its log-in, written apart from the driver so that each can prove the other."""

from base64 import b64decode, b64encode
from functools import lru_cache
from hashlib import md5, sha256

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SALT, NEW_SALT, TIME = "BQ5hoXV9", "jbzkfQls", "5626"
LETTERS = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Secrets:
    """One password's sign and cipher; the salts stay, as in the password file of the real one."""

    def __init__(self, password: str) -> None:
        secret = shadow(password, SALT)
        self.sign = shadow(secret + TIME, NEW_SALT)
        self._cipher = Cipher(algorithms.AES(sha256(secret.encode()).digest()), modes.ECB())  # noqa: S305

    def seal(self, plain: bytes) -> str:
        """Encrypt an answer."""
        encryptor = self._cipher.encryptor()
        return b64encode(encryptor.update(plain.ljust(-(-len(plain) // 16) * 16, b"\0"))).decode()

    def unseal(self, data: str) -> bytes:
        """Decrypt a command. Errors: ValueError."""
        decryptor = self._cipher.decryptor()
        return (decryptor.update(b64decode(data)) + decryptor.finalize()).rstrip(b"\0")


@lru_cache(maxsize=64)
def shadow(password: str, salt: str) -> str:
    """Return the last part of a `$1$` line of a password file."""
    key, grain = password.encode(), salt.encode()
    mixed = md5(key + grain + key, usedforsecurity=False).digest()
    hashed = md5(key + b"$1$" + grain, usedforsecurity=False)
    for start in range(len(key), 0, -16):
        hashed.update(mixed[: min(16, start)])
    rest = len(key)
    while rest:
        hashed.update(key[:1] if rest % 2 == 0 else b"\0")
        rest //= 2
    state = hashed.digest()
    for turn in range(1000):
        step = md5(key if turn % 2 else state, usedforsecurity=False)
        if turn % 3:
            step.update(grain)
        if turn % 7:
            step.update(key)
        step.update(state if turn % 2 else key)
        state = step.digest()
    triples = [(state[first], state[first + 6], state[first + 12 if first < 4 else 5]) for first in range(5)]
    groups = [(int.from_bytes(triple), 4) for triple in triples] + [(state[11], 2)]
    return bytes(LETTERS[number >> 6 * place & 63] for number, count in groups for place in range(count)).decode()
