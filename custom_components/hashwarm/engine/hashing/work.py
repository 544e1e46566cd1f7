"""What is hashed and what comes of it; light enough for the child process to import."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class HashWork:
    """Work as a pool hands it out, ready to roll extranonce 2, version and nonce. Hashes in header byte order."""

    work_id: str
    """Ours, unique over the life of a session; the pool's own name for it stays in the session."""
    version: int
    version_mask: int
    """Bits that may be rolled; never a bit that `version` has set."""
    previous_hash: bytes
    coinbase1: bytes
    extranonce1: bytes
    extranonce2_size: int
    coinbase2: bytes
    merkle_branches: tuple[bytes, ...]
    ntime: int
    nbits: int
    target: int
    """256-bit: a share when the digest, read little-endian, is at most this."""
    clean: bool
    """Drop older work at once."""


@dataclass(frozen=True, kw_only=True)
class FoundShare:
    """A header that met its work's target, re-checked exactly."""

    work_id: str
    extranonce2: bytes
    ntime: int
    nonce: int
    version: int
    """The whole version of the header, rolled bits included."""
    digest: int
    """256-bit, little-endian."""
