"""What real pools do differently, each as a switch that may be turned while the pool runs."""

from dataclasses import dataclass, field
from enum import StrEnum


class UnknownMethods(StrEnum):
    """What happens on a method that the pool does not know."""

    SILENT = "silent"
    ERROR = "error"
    CLOSE = "close"


class VersionBits(StrEnum):
    """How submitted version bits meet the work's version."""

    BIP310 = "bip310"
    CKPOOL = "ckpool"
    PUBLIC_POOL = "public_pool"


class ErrorFormat(StrEnum):
    """The shape of errors."""

    LIST = "list"
    TEXT = "text"
    OBJECT = "object"
    REJECT_REASON = "reject_reason"


@dataclass(kw_only=True)
class Quirks:
    """The defaults make a well-behaved pool."""

    difficulty: float = 0.001
    """To begin with."""
    raw_difficulty: str | None = None
    """Sent as it stands instead of any difficulty: 0, -1, 1e300, NaN."""
    vardiff: bool = True
    vardiff_interval_s: float = 5.0
    """Between shares, as vardiff wants it."""
    vardiff_after_s: float = 10.0
    minimum_difficulty: float = 1e-6
    integer_difficulty: bool = False
    honour_suggestion: bool = True
    known_methods: frozenset[str] = frozenset(
        {"mining.configure", "mining.suggest_difficulty", "mining.extranonce.subscribe"}
    )
    """Of the optional ones."""
    unknown_methods: UnknownMethods = UnknownMethods.ERROR
    version_rolling: bool = True
    version_mask: int = 0x1FFFE000
    version_bits: VersionBits = VersionBits.BIP310
    job_version: int = 0x20000000
    difficulty_before_subscribe_reply: bool = False
    notify_before_authorize_reply: bool = False
    judge_by_newest_difficulty: bool = False
    """As public-pool does, instead of by the difficulty at notify time; a clean work follows each change."""
    users: frozenset[str] | None = None
    """Who may authorise; None lets everybody in."""
    extranonce2_size: int = 8
    notify_interval_s: float = 30.0
    stale_grace_s: float = 0.0
    """Old work is still accepted that long after a clean one."""
    block_every: int = 10
    """Notifies; each such one is a new block with clean_jobs."""
    extra_notify_params: tuple[object, ...] = ()
    """Put in before clean_jobs."""
    unpadded_hex: bool = False
    error_format: ErrorFormat = ErrorFormat.LIST
    silent: bool = False
    """Answers nothing at all."""
    no_work: bool = False
    """Shakes hands and then hands out nothing."""
    mute_submits: bool = False
    delay_s: float = 0.0
    """Before each answer."""
    greeting: bytes = field(default=b"", repr=False)
    """Sent as soon as somebody connects: garbage, a huge line."""
    close_on_connect: bool = False
    half_close: bool = False
    """Closes its own direction after the handshake."""
    text_ids: bool = False
    """Answers ids as text."""
