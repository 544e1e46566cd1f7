"""Work that earns nothing: it heats while there is no pool."""

from collections.abc import Callable
import secrets

from .work import HashWork


def heat_only_work(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> HashWork:
    """Make work whose target no hash can meet."""
    return HashWork(
        work_id="heat-only",
        version=0x20000000,
        version_mask=0x1FFFE000,
        previous_hash=random_bytes(32),
        coinbase1=b"hashwarm",
        extranonce1=random_bytes(4),
        extranonce2_size=8,
        coinbase2=b"",
        merkle_branches=(),
        ntime=0x6A000000,
        nbits=0x1703A30C,
        target=0,
        clean=True,
    )
