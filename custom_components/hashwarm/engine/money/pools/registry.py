"""The pools we can ask: what each needs to know, what it tells, how it pays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import aiohttp

from ...model.errors import AccountRefusedError
from ...model.protocols import WallClock
from ..address import parse_address
from ..interval import Scheme
from . import address_watch, braiins, ckpool, f2pool, nicehash, ocean, public_pool
from .address_watch import AddressWatch
from .braiins import Braiins
from .ckpool import CkPool
from .f2pool import F2Pool
from .nicehash import NiceHash
from .ocean import Ocean
from .public_pool import PublicPool
from .reading import PoolReader


class PoolKind(StrEnum):
    """A pool, or the chain itself."""

    CKPOOL = "ckpool"
    PUBLIC_POOL = "public_pool"
    OCEAN = "ocean"
    BRAIINS = "braiins"
    NICEHASH = "nicehash"
    F2POOL = "f2pool"
    ADDRESS_WATCH = "address_watch"


class Need(StrEnum):
    """What a pool has to be given to tell of an account."""

    ADDRESS = "address"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    USER_AND_SECRET = "user_and_secret"  # noqa: S105 - the name of a kind


class Tells(StrEnum):
    """What a pool tells of an account."""

    BALANCE = "balance"
    CREDITED = "credited"
    DAYS = "days"
    PAYOUTS = "payouts"
    BLOCKS = "blocks"
    HASH_RATE = "hash_rate"
    BEST_SHARE = "best_share"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a person gave; the secret may read and nothing more."""

    address: str | None = None
    user: str | None = None
    secret: str | None = field(default=None, repr=False)


type _Make = Callable[[aiohttp.ClientSession, Credentials, str, WallClock], PoolReader]


@dataclass(frozen=True, kw_only=True)
class PoolInfo:
    """A pool as people and the ledger need to know it."""

    label: str
    default_url: str
    needs: Need
    tells: frozenset[Tells]
    make: _Make
    scheme: Scheme | None = None
    """How it pays, None where that cannot be known from the pool alone."""
    fee_ppm: int | None = None
    """The pool's own, as it was published in 2026; a default that people can change."""
    hosts: tuple[str, ...] = ()
    """Domains of its Stratum servers."""


def _address(credentials: Credentials) -> str:
    """Return the address, in its one form. Errors: AddressError."""
    return parse_address(credentials.address or "").text


def _given(value: str | None) -> str:
    """Return what a person gave. Errors: AccountRefusedError."""
    if not value or not value.isprintable():
        raise AccountRefusedError("no key was given")
    return value


_SOLO = frozenset({Tells.HASH_RATE, Tells.BEST_SHARE})

POOLS: Mapping[PoolKind, PoolInfo] = {
    PoolKind.CKPOOL: PoolInfo(
        label="CKPool",
        default_url=ckpool.DEFAULT_URL,
        needs=Need.ADDRESS,
        tells=_SOLO,
        make=lambda session, given, url, now: CkPool(session, address=_address(given), base_url=url, now=now),
        scheme=Scheme.SOLO,
        fee_ppm=20_000,
        hosts=("ckpool.org",),
    ),
    PoolKind.PUBLIC_POOL: PoolInfo(
        label="Public-Pool",
        default_url=public_pool.DEFAULT_URL,
        needs=Need.ADDRESS,
        tells=_SOLO,
        make=lambda session, given, url, now: PublicPool(session, address=_address(given), base_url=url, now=now),
        scheme=Scheme.SOLO,
        fee_ppm=0,
        hosts=("public-pool.io",),
    ),
    PoolKind.OCEAN: PoolInfo(
        label="OCEAN",
        default_url=ocean.DEFAULT_URL,
        needs=Need.ADDRESS,
        tells=frozenset({Tells.BALANCE, Tells.PAYOUTS, Tells.HASH_RATE}),
        make=lambda session, given, url, now: Ocean(session, address=_address(given), base_url=url, now=now),
        scheme=Scheme.TIDES,
        fee_ppm=20_000,
        hosts=("ocean.xyz",),
    ),
    PoolKind.BRAIINS: PoolInfo(
        label="Braiins Pool",
        default_url=braiins.DEFAULT_URL,
        needs=Need.TOKEN,
        tells=frozenset({Tells.BALANCE, Tells.CREDITED, Tells.DAYS, Tells.PAYOUTS, Tells.HASH_RATE}),
        make=lambda session, given, url, now: Braiins(session, token=_given(given.secret), base_url=url, now=now),
        scheme=Scheme.FPPS,
        fee_ppm=25_000,
        hosts=("braiins.com", "slushpool.com"),
    ),
    PoolKind.NICEHASH: PoolInfo(
        label="NiceHash",
        default_url=nicehash.DEFAULT_URL,
        needs=Need.ADDRESS,
        tells=frozenset({Tells.BALANCE, Tells.PAYOUTS}),
        make=lambda session, given, url, now: NiceHash(session, address=_address(given), base_url=url, now=now),
        scheme=Scheme.POOL,
        hosts=("nicehash.com",),
    ),
    PoolKind.F2POOL: PoolInfo(
        label="F2Pool",
        default_url=f2pool.DEFAULT_URL,
        needs=Need.USER_AND_SECRET,
        tells=frozenset({Tells.BALANCE, Tells.CREDITED, Tells.HASH_RATE}),
        make=lambda session, given, url, now: F2Pool(
            session, user=_given(given.user), secret=_given(given.secret), base_url=url, now=now
        ),
        scheme=Scheme.POOL,
        hosts=("f2pool.com",),
    ),
    PoolKind.ADDRESS_WATCH: PoolInfo(
        label="Address on the chain",
        default_url=address_watch.DEFAULT_URL,
        needs=Need.ADDRESS,
        tells=frozenset({Tells.PAYOUTS, Tells.BLOCKS}),
        make=lambda session, given, url, now: AddressWatch(session, address=_address(given), base_url=url, now=now),
    ),
}


def build(
    kind: PoolKind,
    session: aiohttp.ClientSession,
    credentials: Credentials,
    *,
    now: WallClock,
    base_url: str | None = None,
) -> PoolReader:
    """Return the reader of an account. Errors: AddressError, AccountRefusedError for a key that is missing."""
    info = POOLS[kind]
    return info.make(session, credentials, base_url or info.default_url, now)


def guess_pool(host: str) -> PoolKind | None:
    """Return the pool whose Stratum server this is, None when unknown."""
    name = host.strip().rstrip(".").lower()
    for kind, info in POOLS.items():
        if any(name == domain or name.endswith(f".{domain}") for domain in info.hosts):
            return kind
    return None
