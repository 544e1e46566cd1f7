"""Assembles block headers from a pool's work; pure, and light enough for the child process."""

from hashlib import sha256

HEADER_PREFIX_SIZE = 76
"""Bytes of a header before its nonce."""


def double_sha256(data: bytes) -> bytes:
    """SHA-256 of SHA-256, in the byte order that headers carry."""
    return sha256(sha256(data).digest()).digest()


def merkle_root(
    coinbase1: bytes, extranonce1: bytes, extranonce2: bytes, coinbase2: bytes, branches: tuple[bytes, ...]
) -> bytes:
    """Hash the coinbase and fold the branches in as the pool sent them."""
    root = double_sha256(coinbase1 + extranonce1 + extranonce2 + coinbase2)
    for branch in branches:
        root = double_sha256(root + branch)
    return root


def header_prefix(*, version: int, previous_hash: bytes, root: bytes, ntime: int, nbits: int) -> bytes:
    """Lay out the first 76 bytes of a header."""
    return (
        version.to_bytes(4, "little") + previous_hash + root + ntime.to_bytes(4, "little") + nbits.to_bytes(4, "little")
    )


def header(prefix: bytes, nonce: int) -> bytes:
    """Complete a header of 80 bytes."""
    return prefix + nonce.to_bytes(4, "little")


def digest_of(header_bytes: bytes) -> int:
    """Hash a header of 80 bytes; the digest as the 256-bit little-endian number that targets are compared with."""
    return int.from_bytes(double_sha256(header_bytes), "little")


def version_rolls(mask: int) -> int:
    """Count the versions that a mask allows."""
    return 1 << mask.bit_count()


def rolled_version(version: int, mask: int, index: int) -> int:
    """Spread the bits of `index` over the set bits of `mask`; index 0 is the work's own version (BIP 310)."""
    rolled = version & ~mask
    bit = 1
    while bit <= mask:
        if mask & bit:
            if index & 1:
                rolled |= bit
            index >>= 1
        bit <<= 1
    return rolled
