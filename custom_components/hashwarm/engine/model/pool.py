"""A pool as a person names it."""

from dataclasses import dataclass, field
from typing import Self, override

from .errors import InvalidValueError


@dataclass(frozen=True, kw_only=True)
class PoolConfig:
    """One mining pool to connect to."""

    host: str
    port: int
    user: str
    password: str = field(default="x", repr=False)
    tls: bool = False

    @property
    def name(self) -> str:
        """host:port, as shown to people."""
        return f"{self.host}:{self.port}"


_SCHEMES = {"stratum+tcp": False, "tcp": False, "stratum+ssl": True, "stratum+tls": True, "ssl": True, "tls": True}


@dataclass(frozen=True, kw_only=True)
class PoolAddress:
    """Where a pool listens."""

    host: str
    port: int
    tls: bool

    @override
    def __str__(self) -> str:
        """Return the form in which it is kept and shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'stratum+ssl' if self.tls else 'stratum+tcp'}://{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read host:port or a stratum address. Errors: InvalidValueError."""
        scheme, _, rest = text.strip().rpartition("://")
        tls = _SCHEMES.get(scheme.lower(), False)
        if scheme and scheme.lower() not in _SCHEMES:
            raise InvalidValueError("unknown scheme", value=text)
        host, _, port = rest.rstrip("/").rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or any(character.isspace() or character in "/@?#" for character in host):
            raise InvalidValueError("no host and port", value=text)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):  # noqa: PLR2004 - the highest port
            raise InvalidValueError("no port", value=text)
        return cls(host=host, port=int(port), tls=tls)
