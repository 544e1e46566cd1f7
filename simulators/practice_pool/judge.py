"""Judges shares exactly, by building the header and hashing it with hashlib."""

from dataclasses import dataclass, field, replace

from .bitcoin import DIFFICULTY_1_TARGET, Template, dsha, header, merkle_root, target_of
from .quirks import VersionBits

MAX_NTIME_ROLL_S = 7000
OTHER, STALE, DUPLICATE, LOW, UNAUTHORIZED, NOT_SUBSCRIBED = range(20, 26)


@dataclass(kw_only=True)
class Job:
    """Work as handed to one client."""

    job_id: str
    template: Template
    extranonce1: bytes
    extranonce2_size: int
    difficulty: float
    retired_at_s: float | None = None
    """When a clean work took its place, monotonic."""
    seen: set[tuple[str, ...]] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`code` None means accepted."""

    code: int | None = None
    text: str = ""
    digest: int = 0
    version: int = 0
    header: bytes = b""
    coinbase: bytes = b""

    @property
    def share_difficulty(self) -> float:
        """The difficulty that the digest would just have met."""
        return DIFFICULTY_1_TARGET / max(self.digest, 1)


def judge(
    job: Job | None, params: list[object], *, difficulty: float | None, mask: int | None, meaning: VersionBits
) -> Verdict:
    """Return the verdict on a submit's parameters; `job` None when stale, `mask` None while versions are not rolled."""
    if job is None:
        return Verdict(code=STALE, text="Job not found")
    fields = [field for field in params if isinstance(field, str)]
    fault = _shape_fault(job, params, 5 if mask is None else 6)
    if fault is None and mask is not None and int(fields[5], 16) & ~mask:
        fault = "Invalid version mask"
    if fault is None and not 0 <= int(fields[3], 16) - job.template.ntime <= MAX_NTIME_ROLL_S:
        fault = "Ntime out of range"
    if fault is not None:
        return Verdict(code=OTHER, text=fault)
    key = tuple(fields[2:])
    if key in job.seen:
        return Verdict(code=DUPLICATE, text="Duplicate share")
    version = job.template.version
    if mask is not None:
        version = _rolled(version, int(fields[5], 16), mask, meaning)
    verdict = _hashed(job, bytes.fromhex(fields[2]), int(fields[3], 16), int(fields[4], 16), version)
    if verdict.digest > target_of(difficulty or job.difficulty):
        return replace(verdict, code=LOW, text="Low difficulty share")
    job.seen.add(key)
    return verdict


def _hashed(job: Job, extranonce2: bytes, ntime: int, nonce: int, version: int) -> Verdict:
    template = job.template
    coinbase = template.coinbase1 + job.extranonce1 + extranonce2 + template.coinbase2
    root = merkle_root(coinbase, template.branches)
    raw = header(version, template.previous, root, ntime, template.nbits, nonce)
    digest = int.from_bytes(dsha(raw), "little")
    return Verdict(digest=digest, version=version, header=raw, coinbase=coinbase)


def _shape_fault(job: Job, params: list[object], count: int) -> str | None:
    fields = [field for field in params if isinstance(field, str)]
    if len(fields) != len(params) or len(fields) != count:
        return "Invalid array size"
    if len(fields[2]) != 2 * job.extranonce2_size:
        return "Invalid extranonce2 size"
    if any(len(word) != 8 for word in fields[3:]):
        return "Invalid hex size"
    try:
        bytes.fromhex("".join(fields[2:]))
    except ValueError:
        return "Invalid hex"
    return None


def _rolled(version: int, bits: int, mask: int, meaning: VersionBits) -> int:
    match meaning:
        case VersionBits.BIP310:
            return (version & ~mask) | (bits & mask)
        case VersionBits.CKPOOL:
            return version | bits
        case VersionBits.PUBLIC_POOL:
            return version ^ bits
