"""What the face needs to know of pools before it asks one."""

import pytest

from custom_components.hashwarm.engine.model.errors import AccountRefusedError, AddressError
from custom_components.hashwarm.engine.money import Scheme
from custom_components.hashwarm.engine.money.pools import POOLS, Credentials, Need, PoolKind, Tells, build, guess_pool
from simulators.pools.account import ADDRESS
from simulators.pools.server import POOLS as PRACTISED

from .conftest import NOW


def test_every_pool_is_described_and_practised():
    assert set(POOLS) == set(PoolKind)
    assert set(PRACTISED) == set(PoolKind)
    for info in POOLS.values():
        assert info.label
        assert info.default_url.startswith("https://")
        assert info.tells
        assert info.fee_ppm is None or 0 <= info.fee_ppm <= 50_000
        if info.scheme is Scheme.SOLO:
            assert not info.tells & {Tells.BALANCE, Tells.DAYS}


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("solo.ckpool.org", PoolKind.CKPOOL),
        ("EUSOLO.ckpool.org.", PoolKind.CKPOOL),
        ("public-pool.io", PoolKind.PUBLIC_POOL),
        ("mine.ocean.xyz", PoolKind.OCEAN),
        ("stratum.braiins.com", PoolKind.BRAIINS),
        ("eu.stratum.slushpool.com", PoolKind.BRAIINS),
        ("sha256asicboost.auto.nicehash.com", PoolKind.NICEHASH),
        ("btc.f2pool.com", PoolKind.F2POOL),
        ("notckpool.org", None),
        ("ckpool.org.evil.example", None),
        ("192.168.1.5", None),
        ("", None),
    ],
)
def test_a_pool_is_guessed_from_its_stratum_server(host, kind):
    assert guess_pool(host) is kind


@pytest.mark.parametrize("kind", PoolKind)
def test_a_reader_is_not_built_without_what_it_needs(kind):
    wrong = Credentials(address=ADDRESS[:-1] + "5", user="", secret="line\nbreak")
    error = AddressError if POOLS[kind].needs is Need.ADDRESS else AccountRefusedError
    for credentials in (wrong, Credentials()):
        with pytest.raises(error):
            build(kind, None, credentials, now=lambda: NOW)


@pytest.mark.parametrize("kind", PoolKind)
def test_a_reader_is_built_for_the_documented_server(kind):
    credentials = Credentials(address=f" {ADDRESS.upper()}", user="anna", secret="hush")
    reader = build(kind, None, credentials, now=lambda: NOW)
    assert reader.name
    assert "hush" not in repr(credentials) + repr(reader)
