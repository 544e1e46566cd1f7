"""Proves a kernel against hashlib on headers whose hashes are known or computed here, and times it."""

import ctypes
import os
import time

from .header import digest_of, header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .hashlib_kernel import HashlibKernel, HelperKernel
    from .native_kernel import NativeKernel

type Kernel = NativeKernel | HashlibKernel | HelperKernel

GENESIS = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3"
    "888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
)
BLOCK_125552 = bytes.fromhex(
    "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000e320b6c2fffc8d750423db8b1eb942ae710e951e"
    "d797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695"
)
_WINDOW = 150
"""Nonces around a known one: no multiple of any kernel's lanes."""
_TRIED = 67
_ROLL_BIT = 13
_TIMED_S = 0.012
_TIMINGS = 3


def random_prefix() -> bytes:
    """Make the first 76 bytes of a header that nobody has hashed before."""
    return os.urandom(76)


def versions_of(prefix: bytes, count: int) -> tuple[bytes, ...]:
    """Give a header further versions, as version rolling does."""
    version = int.from_bytes(prefix[:4], "little")
    return tuple((version ^ i << _ROLL_BIT).to_bytes(4, "little") + prefix[4:] for i in range(count))


def proven(kernel: Kernel, make_prefix: Callable[[], bytes] = random_prefix) -> bool:
    """Whether a kernel finds exactly what hashlib finds: known blocks, and random headers at targets hard and easy."""
    return all(_finds_block(kernel, block) for block in (GENESIS, BLOCK_125552)) and all(
        _agrees(kernel, versions_of(make_prefix(), kernel.versions)) for _ in range(3)
    )


def _found(kernel: Kernel, prefixes: tuple[bytes, ...], target: int, nonce: int, count: int) -> set[tuple[int, int]]:
    """Scan to the end in as many calls as it takes. An empty answer to a call ends it."""
    stop = ctypes.c_int32(0)
    found: set[tuple[int, int]] = set()
    tried = 0
    while tried < count:
        hashes, pairs, _ = kernel.scan(prefixes, target, nonce + tried, count - tried, stop)
        if hashes <= 0:
            return set()
        found.update(pairs)
        tried += hashes // len(prefixes)
    return found


def _finds_block(kernel: Kernel, block: bytes) -> bool:
    """Whether a known block is found at its own digest as the target, and not at one less (difficulty above 1)."""
    prefixes = versions_of(block[:76], kernel.versions)
    nonce = int.from_bytes(block[76:], "little")
    digest = digest_of(block)
    first = nonce - _WINDOW // 2
    return _found(kernel, prefixes, digest, first, _WINDOW) == {(0, nonce)} and not _found(
        kernel, prefixes, digest - 1, first, _WINDOW
    )


def _agrees(kernel: Kernel, prefixes: tuple[bytes, ...]) -> bool:
    """Whether finds below difficulty 1 agree with hashlib, at targets from the greatest digest to under the least."""
    digests = {
        (version, nonce): digest_of(header(prefix, nonce))
        for version, prefix in enumerate(prefixes)
        for nonce in range(_TRIED)
    }
    ordered = sorted(digests.values())
    return all(
        _found(kernel, prefixes, target, 0, _TRIED) == {key for key, digest in digests.items() if digest <= target}
        for target in (ordered[-1], ordered[len(ordered) // 2], ordered[3], ordered[0], ordered[0] - 1)
    )


def rate_hs(kernel: Kernel, cpu_clock: Callable[[], float] = time.thread_time) -> float:
    """Return the hashes per CPU second, the best of a few short runs."""
    prefixes = versions_of(GENESIS[:76], kernel.versions)
    stop = ctypes.c_int32(0)
    count, best, runs = 512, 0.0, 0
    while runs < _TIMINGS:
        began_s = cpu_clock()
        hashes, _, extra_s = kernel.scan(prefixes, 0, 0, count, stop)
        elapsed_s = cpu_clock() - began_s + extra_s
        if elapsed_s < _TIMED_S and count < 1 << 24:
            count *= 2
        else:
            best = max(best, hashes / max(elapsed_s, 1e-6))
            runs += 1
    return best
