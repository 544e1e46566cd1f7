"""From a pool's notify to work for the hashing child, with all that was in force when it was notified."""

from dataclasses import dataclass

from ..hashing.target import target_from_difficulty
from ..hashing.work import FoundShare, HashWork
from .messages import Notify, SetExtranonce


@dataclass(frozen=True, kw_only=True)
class IssuedWork:
    """Work as we handed it on, with what the pool knows it by."""

    work: HashWork
    job_id: str
    difficulty: float
    """In force at notify time; the pool judges the work's shares by it."""
    issued_at_s: float
    """Monotonic."""


def build_work(
    notify: Notify,
    extranonce: SetExtranonce,
    *,
    work_id: str,
    difficulty: float,
    least_difficulty: float,
    version_mask: int,
    clean: bool,
    now_s: float,
) -> IssuedWork:
    """Bind a notify to extranonce, difficulty and version mask as they stand now.

    Below `least_difficulty` no shares are looked for, though the pool would take them.
    """
    work = HashWork(
        work_id=work_id,
        version=notify.version,
        # Pools disagree on how the submitted bits meet the work's version (replace, or, xor); without the version's own
        # bits in the mask all readings are the same.
        version_mask=version_mask & ~notify.version,
        previous_hash=notify.previous_hash,
        coinbase1=notify.coinbase1,
        extranonce1=extranonce.extranonce1,
        extranonce2_size=extranonce.extranonce2_size,
        coinbase2=notify.coinbase2,
        merkle_branches=notify.merkle_branches,
        ntime=notify.ntime,
        nbits=notify.nbits,
        target=target_from_difficulty(max(difficulty, least_difficulty)),
        clean=clean,
    )
    return IssuedWork(work=work, job_id=notify.job_id, difficulty=difficulty, issued_at_s=now_s)


def submit_params(user: str, issued: IssuedWork, share: FoundShare, *, rolling: bool) -> list[str]:
    """Return the parameters of mining.submit, every number padded to eight hex digits."""
    params = [user, issued.job_id, share.extranonce2.hex(), f"{share.ntime:08x}", f"{share.nonce:08x}"]
    if rolling:
        params.append(f"{share.version & issued.work.version_mask:08x}")
    return params
