"""Which pool to try next, when, and where a pool may send us. Pure choices."""

from dataclasses import dataclass
from ipaddress import ip_address
import random

_SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})
_COUNTRY_CODE = 2


@dataclass(frozen=True, kw_only=True)
class BackOff:
    """Waits between attempts: doubled each time up to a cap, each shortened at random by up to half."""

    first_s: float
    longest_s: float

    def delay_s(self, failures: int, rng: random.Random) -> float:
        """Return the wait after so many failures in a row, in s."""
        full = min(self.first_s * 2.0 ** min(max(failures - 1, 0), 32), self.longest_s)
        return full * (1.0 - rng.random() / 2)


class PoolChoice:
    """Goes to the next pool after so many failures in a row, and round to the first again."""

    def __init__(self, pools: int, failures_before_next: int) -> None:
        self.index = 0
        self.failures = 0
        """In a row, over all pools."""
        self._pools = pools
        self._limit = failures_before_next
        self._here = 0

    def failed(self, *, give_up: bool = False) -> None:
        """Book a failure; `give_up` goes on at once, as for a pool that fell silent."""
        self.failures += 1
        self._here += 1
        if self._here >= self._limit or give_up:
            self.go_to((self.index + 1) % self._pools)

    def worked(self) -> None:
        """Forget failures: the pool has served long enough."""
        self.failures = self._here = 0

    def go_to(self, index: int) -> None:
        """Use that pool next."""
        self.index = index
        self._here = 0


def may_move_to(configured: str, asked: str) -> bool:
    """Say whether a pool at host `configured` may send us to host `asked`: never out of its own domain."""
    configured, asked = configured.lower().rstrip("."), asked.lower().rstrip(".")
    if asked == configured:
        return True
    if _is_address(configured) or _is_address(asked):
        return False
    domain = _domain_of(configured)
    return domain is not None and (asked == domain or asked.endswith(f".{domain}"))


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _domain_of(host: str) -> str | None:
    """Return the domain that the host's owner is taken to own; None for a bare name in the local network."""
    labels = host.split(".")
    if len(labels) < 2 or not all(labels):  # noqa: PLR2004 - a domain has a dot
        return None
    parent = labels[1:]
    if len(parent) < 2 or (len(parent[-1]) == _COUNTRY_CODE and len(parent) == 2 and parent[0] in _SECOND_LEVELS):  # noqa: PLR2004 - a parent of one label is a top level
        return host
    return ".".join(parent)
