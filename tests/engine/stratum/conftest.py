"""A hashlib miner small enough for tests, and sessions that are quick."""

from collections.abc import Iterator
from hashlib import sha256
import itertools
import json
import random
import struct
import time
from typing import Any

import pytest

from custom_components.hashwarm.engine.hashing.work import FoundShare, HashWork
from custom_components.hashwarm.engine.model.pool import PoolConfig
from custom_components.hashwarm.engine.stratum import PoolSession, SessionLimits, ShareResult
from custom_components.hashwarm.engine.stratum.protocol import Hello, NewWork, StratumProtocol


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

    def __init__(
        self, *pools: PoolConfig, limits: SessionLimits = QUICK, rate_hs: float | None = 300.0, ssl_context=None
    ):
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


NOTIFY = [
    "job1",
    "".join(f"{number:08x}" for number in range(8)),
    "01000000",
    "ffffffff",
    ["ab" * 32, "cd" * 32],
    "20000000",
    "17023a04",
    "65000000",
    True,
]


class Talk:
    """Plays the pool to a protocol without any socket."""

    def __init__(self, **hello) -> None:
        self.clock_s = 0.0
        self.sent: list[dict[str, Any]] = []
        self.events: list[Any] = []
        ids = itertools.count(1)
        hello = {
            "user": "acc.w1",
            "password": "x",
            "agent": "hashwarm/test",
            "suggested_difficulty": 0.09,
            "hash_rate_hs": 4e7,
        } | hello
        self.protocol = StratumProtocol(Hello(**hello), next_work_id=lambda: f"w{next(ids)}")
        self.protocol.start()
        self._collect()

    def _collect(self) -> None:
        self.sent += [json.loads(line) for line in self.protocol.outgoing().splitlines()]

    def hear(self, *messages: dict[str, Any] | bytes) -> list[Any]:
        """Let the pool say all of it in one packet."""
        data = b"".join(m if isinstance(m, bytes) else json.dumps(m).encode() + b"\n" for m in messages)
        self.events = self.protocol.feed(data, self.clock_s)
        self._collect()
        return self.events

    def works(self) -> list[HashWork]:
        return [event.issued.work for event in self.events if isinstance(event, NewWork)]

    def request_id(self, method: str) -> int:
        return next(message["id"] for message in reversed(self.sent) if message["method"] == method)

    def answer(self, method: str, result: Any, error: Any = None) -> dict[str, Any]:
        return {"id": self.request_id(method), "result": result, "error": error}

    @staticmethod
    def say(method: str, *params: Any, request_id: int | None = None) -> dict[str, Any]:
        return {"id": request_id, "method": method, "params": list(params)}

    def methods(self) -> list[str]:
        return [message["method"] for message in self.sent if "method" in message]

    def notify(self, **changes: Any) -> dict[str, Any]:
        names = ["job_id", "prev", "coinb1", "coinb2", "branches", "version", "nbits", "ntime", "clean"]
        values = [changes.get(name, value) for name, value in zip(names, NOTIFY, strict=True)]
        return self.say("mining.notify", *values)

    def shake_hands(self, *, mask: str | None = "1fffe000") -> None:
        granted = {"version-rolling": mask is not None, "subscribe-extranonce": True}
        if mask is not None:
            granted["version-rolling.mask"] = mask
        self.hear(self.answer("mining.configure", granted))
        self.hear(self.answer("mining.subscribe", [[["mining.notify", "1"]], "aabbccdd", 4]))
        self.hear(self.answer("mining.authorize", result=True))


@pytest.fixture
def talk():
    return Talk


@pytest.fixture
def running() -> Talk:
    """A conversation past the handshake, without work yet."""
    talk = Talk()
    talk.shake_hands()
    return talk
