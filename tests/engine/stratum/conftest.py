"""A hashlib miner small enough for tests, and sessions that are quick."""

from collections.abc import Iterator
from hashlib import sha256
import random
import struct
import time

from custom_components.hashwarm.engine.hashing.work import FoundShare, HashWork
from custom_components.hashwarm.engine.model.pool import PoolConfig
from custom_components.hashwarm.engine.stratum import PoolSession, SessionLimits, ShareResult
import pytest


def dsha(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


class HashlibMiner:
    """Mines a HashWork as the child does, on purpose written apart from engine/hashing."""

    def __init__(self) -> None:
        self.counter = 0

    def shares(self, work: HashWork, *, version: int | None = None, ntime: int | None = None) -> Iterator[FoundShare]:
        version = work.version if version is None else version
        ntime = work.ntime if ntime is None else ntime
        while True:
            self.counter += 1
            extranonce2 = (self.counter % (1 << 8 * work.extranonce2_size)).to_bytes(work.extranonce2_size, "big")
            root = dsha(work.coinbase1 + work.extranonce1 + extranonce2 + work.coinbase2)
            for branch in work.merkle_branches:
                root = dsha(root + branch)
            start = struct.pack("<I", version) + work.previous_hash + root + struct.pack("<II", ntime, work.nbits)
            for nonce in range(2000):
                digest = int.from_bytes(dsha(start + struct.pack("<I", nonce)), "little")
                if digest <= work.target:
                    yield FoundShare(
                        work_id=work.work_id,
                        extranonce2=extranonce2,
                        ntime=ntime,
                        nonce=nonce,
                        version=version,
                        digest=digest,
                    )

    def share(self, work: HashWork, *, version: int | None = None, ntime: int | None = None) -> FoundShare:
        return next(self.shares(work, version=version, ntime=ntime))


QUICK = SessionLimits(
    connect_s=2,
    configure_s=0.3,
    handshake_s=1.5,
    notify_s=30,
    submit_s=20,
    stable_s=5,
    back_off_first_s=0.02,
    back_off_longest_s=0.1,
    retry_first_s=0.2,
)


class Bench:
    """A session with all that it said."""

    def __init__(self, *pools: PoolConfig, limits: SessionLimits = QUICK, rate_hs: float | None = 300.0, ssl_context=None):
        self.works: list[HashWork | None] = []
        self.results: list[ShareResult] = []
        self.changes = 0
        self.miner = HashlibMiner()
        self.session = PoolSession(
            pools,
            on_work=self.works.append,
            clock=time.monotonic,
            random=random.Random(1),
            agent="hashwarm/test",
            ssl_context=ssl_context,
            hash_rate_hs=lambda: rate_hs,
            on_change=self._changed,
            on_share=self.results.append,
            limits=limits,
        )

    def _changed(self) -> None:
        self.changes += 1

    @property
    def work(self) -> HashWork | None:
        return self.works[-1] if self.works else None

    async def __aenter__(self):
        await self.session.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.stop()

    def found(self, **kwargs) -> FoundShare:
        share = self.miner.share(self.work, **kwargs)
        self.session.submit(share)
        return share


@pytest.fixture
def bench():
    return Bench


@pytest.fixture
def quick() -> SessionLimits:
    return QUICK


@pytest.fixture
def miner() -> HashlibMiner:
    return HashlibMiner()


@pytest.fixture
def config():
    def make(pool, **kwargs) -> PoolConfig:
        return PoolConfig(host=pool.host, port=pool.port, user=kwargs.pop("user", "acc.w1"), **kwargs)

    return make


@pytest.fixture
def until():
    """Wait for something to become true, far longer than it should take."""

    async def wait(condition, seconds: float = 10.0) -> None:
        import asyncio

        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    return wait
