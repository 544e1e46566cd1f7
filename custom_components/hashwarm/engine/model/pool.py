"""A pool as a person names it."""

from dataclasses import dataclass, field


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
