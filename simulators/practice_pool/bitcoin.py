"""As much of Bitcoin as a pool needs: hashes, merkle branches, coinbase, header, targets. hashlib only: it judges."""

from dataclasses import dataclass
from hashlib import sha256
import struct

DIFFICULTY_1_TARGET = 0xFFFF << 208
ROLLABLE_BITS = 0x1FFFE000


def dsha(data: bytes) -> bytes:
    """Return SHA-256 of SHA-256."""
    return sha256(sha256(data).digest()).digest()


def target_of(difficulty: float) -> int:
    """Return floor(0xffff x 2^208 / difficulty), exactly."""
    numerator, denominator = difficulty.as_integer_ratio()
    return min(DIFFICULTY_1_TARGET * denominator // numerator, (1 << 256) - 1)


def target_of_nbits(nbits: int) -> int:
    """Expand the compact form."""
    shift = 8 * ((nbits >> 24) - 3)
    mantissa = nbits & 0x7FFFFF
    return mantissa << shift if shift >= 0 else mantissa >> -shift


def varint(number: int) -> bytes:
    """Return Bitcoin's variable-length integer."""
    if number < 0xFD:
        return bytes([number])
    if number <= 0xFFFF:
        return b"\xfd" + struct.pack("<H", number)
    return b"\xfe" + struct.pack("<I", number)


def pushed(data: bytes) -> bytes:
    """Return the script that pushes up to 75 bytes."""
    assert len(data) < 0x4C
    return bytes([len(data)]) + data


def height_script(height: int) -> bytes:
    """Return the height as BIP 34 wants it: small numbers as opcodes, others as a minimal push."""
    if 1 <= height <= 16:
        return bytes([0x50 + height])
    return pushed(height.to_bytes(height.bit_length() // 8 + 1, "little"))


def merkle_branches(txids: list[bytes]) -> list[bytes]:
    """Return the hashes that lead from the coinbase, which is not among `txids`, to the root."""
    branches: list[bytes] = []
    level = [b"", *txids]
    while len(level) > 1:
        branches.append(level[1])
        if len(level) % 2:
            level.append(level[-1])
        level = [b"", *(dsha(level[index] + level[index + 1]) for index in range(2, len(level), 2))]
    return branches


def merkle_root(coinbase: bytes, branches: list[bytes]) -> bytes:
    """Return the root that a coinbase and its branches make."""
    root = dsha(coinbase)
    for branch in branches:
        root = dsha(root + branch)
    return root


def coinbase_parts(
    height: int, extranonce_size: int, outputs: list[tuple[int, bytes]], tag: bytes
) -> tuple[bytes, bytes]:
    """Return what stands before and after the extranonces; outputs as (sat, script). Without witness."""
    start = height_script(height)
    script_size = len(start) + extranonce_size + len(tag)
    assert script_size <= 100
    before = struct.pack("<i", 2) + b"\x01" + bytes(32) + b"\xff\xff\xff\xff" + varint(script_size) + start
    after = tag + b"\xff\xff\xff\xff" + varint(len(outputs))
    after += b"".join(struct.pack("<q", value) + varint(len(script)) + script for value, script in outputs)
    return before, after + bytes(4)


def header(version: int, previous: bytes, root: bytes, ntime: int, nbits: int, nonce: int) -> bytes:
    """Return the 80 bytes that are hashed."""
    return struct.pack("<I", version) + previous + root + struct.pack("<III", ntime, nbits, nonce)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A block to be found; hashes in header byte order."""

    height: int
    version: int
    previous: bytes
    nbits: int
    ntime: int
    coinbase1: bytes
    coinbase2: bytes
    branches: list[bytes]
    transactions: tuple[bytes, ...] = ()
    """Whole, with witness; empty on a chain that only exists for practice."""
    segwit: bool = False
    """The block commits to witnesses."""
