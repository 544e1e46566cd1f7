"""Headers, against blocks of the chain."""

from hypothesis import given, strategies as st

from custom_components.hashwarm.engine.hashing import header as h
from custom_components.hashwarm.engine.hashing.proving import BLOCK_125552, GENESIS
from custom_components.hashwarm.engine.hashing.target import target_from_nbits

GENESIS_COINBASE = bytes.fromhex(
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65"
    "732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062"
    "616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4c"
    "ef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)


def test_genesis_from_its_parts():
    root = h.merkle_root(
        GENESIS_COINBASE[:40], GENESIS_COINBASE[40:44], GENESIS_COINBASE[44:48], GENESIS_COINBASE[48:], ()
    )
    prefix = h.header_prefix(version=1, previous_hash=bytes(32), root=root, ntime=1231006505, nbits=0x1D00FFFF)
    assert h.header(prefix, 2083236893) == GENESIS
    assert h.digest_of(GENESIS) <= target_from_nbits(0x1D00FFFF)


def test_block_125552():
    assert f"{h.digest_of(BLOCK_125552):064x}" == "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d"


def test_branches_are_folded_in_as_sent():
    a, b = b"\x01" * 32, b"\x02" * 32
    once = h.double_sha256(h.double_sha256(b"c1e1e2c2") + a)
    assert h.merkle_root(b"c1", b"e1", b"e2", b"c2", (a, b)) == h.double_sha256(once + b)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**40))
def test_rolled_versions_stay_in_their_mask(version, mask, index):
    rolled = h.rolled_version(version & ~mask, mask, index)
    assert rolled & ~mask == version & ~mask
    assert h.rolled_version(version & ~mask, mask, 0) == version & ~mask


def test_rolled_versions_are_all_different():
    mask = 0x1FFFE000 & 0x0F00F000
    assert len({h.rolled_version(0x20000000, mask, i) for i in range(h.version_rolls(mask))}) == 1 << mask.bit_count()
