"""The practice pool must be right where it judges and faithful where it is odd."""

import asyncio
from dataclasses import replace
from hashlib import sha256
import json
import signal
import struct
import sys

from hypothesis import given, strategies as st
import pytest

from simulators.practice_pool import PracticePool, Quirks, UnknownMethods
from simulators.practice_pool.bitcoin import (
    coinbase_parts,
    dsha,
    header,
    height_script,
    merkle_branches,
    merkle_root,
    target_of,
    target_of_nbits,
    varint,
)
from simulators.practice_pool.chain import PracticeChain
from simulators.practice_pool.judge import Job, Verdict, judge
from simulators.practice_pool.quirks import VersionBits
from simulators.practice_pool.vardiff import Vardiff

GENESIS_COINBASE = bytes.fromhex(
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d6573"
    "2030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b"
    "73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f355"
    "04e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)


def full_tree(leaves: list[bytes]) -> bytes:
    while len(leaves) > 1:
        if len(leaves) % 2:
            leaves = [*leaves, leaves[-1]]
        leaves = [dsha(leaves[index] + leaves[index + 1]) for index in range(0, len(leaves), 2)]
    return leaves[0]


class TestBitcoin:
    def test_the_genesis_block(self):
        root = merkle_root(GENESIS_COINBASE, [])
        raw = header(1, bytes(32), root, 1231006505, 0x1D00FFFF, 2083236893)
        assert dsha(raw)[::-1].hex() == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
        assert target_of_nbits(0x1D00FFFF) == target_of(1)

    @given(st.lists(st.binary(min_size=32, max_size=32), max_size=20), st.binary(max_size=50))
    def test_branches_lead_to_the_root_of_the_whole_tree(self, txids, coinbase):
        assert merkle_root(coinbase, merkle_branches(txids)) == full_tree([dsha(coinbase), *txids])

    @pytest.mark.parametrize(
        ("height", "script"),
        [(1, "51"), (16, "60"), (17, "0111"), (127, "017f"), (128, "028000"), (900_000, "03a0bb0d")],
    )
    def test_heights(self, height, script):
        assert height_script(height).hex() == script

    def test_small_things(self):
        assert [varint(number).hex() for number in (1, 0xFC, 0xFD, 0x10000)] == ["01", "fc", "fdfd00", "fe00000100"]
        assert target_of_nbits(0x02008000) == 0x80
        assert target_of(1e-30) == (1 << 256) - 1

    def test_a_coinbase_is_whole(self):
        before, after = coinbase_parts(900_000, 12, [(5, b"\x51"), (0, b"\x6a")], b"tag")
        raw = before + bytes(12) + after
        script_size = raw[41]
        assert raw[42 : 42 + script_size] == bytes.fromhex("03a0bb0d") + bytes(12) + b"tag"
        outputs = raw[42 + script_size + 4 :]
        assert outputs == b"\x02" + struct.pack("<q", 5) + b"\x01\x51" + struct.pack("<q", 0) + b"\x01\x6a" + bytes(4)


@pytest.fixture
def job() -> Job:
    template = PracticeChain(now=lambda: 1_700_000_000).template(12, 0x20000000)
    return Job(job_id="1", template=template, extranonce1=b"abcd", extranonce2_size=8, difficulty=1e-6)


def words(job: Job, **changes) -> list[str]:
    values = {
        "user": "u",
        "job": "1",
        "extranonce2": "00" * 8,
        "ntime": f"{job.template.ntime:08x}",
        "nonce": "00000000",
        "bits": "00000000",
    }
    return list((values | changes).values())


class TestJudge:
    def verdict(self, job, params, mask=0x1FFFE000, difficulty=None, meaning=VersionBits.BIP310) -> Verdict:
        return judge(job, params, difficulty=difficulty, mask=mask, meaning=meaning)

    def test_the_digest_is_that_of_the_header(self, job):
        verdict = self.verdict(replace(job, difficulty=1e-12), words(job, bits="00002000"))
        assert verdict.code is None
        assert verdict.version == 0x20002000
        assert verdict.header[:4] == struct.pack("<I", 0x20002000)
        assert verdict.header[4:36] == job.template.previous
        assert verdict.digest == int.from_bytes(sha256(sha256(verdict.header).digest()).digest(), "little")

    def test_a_share_counts_once(self, job):
        job.difficulty = 1e-12
        assert self.verdict(job, words(job)).code is None
        assert self.verdict(job, words(job)).code == 22

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"extranonce2": "00"}, "Invalid extranonce2 size"),
            ({"nonce": "0"}, "Invalid hex size"),
            ({"nonce": "0000000g"}, "Invalid hex"),
            ({"nonce": 7}, "Invalid array size"),
            ({"ntime": "00000001"}, "Ntime out of range"),
            ({"bits": "00000001"}, "Invalid version mask"),
        ],
    )
    def test_what_is_wrong_is_named(self, job, changes, text):
        assert self.verdict(job, words(job, **changes)).text == text

    def test_the_rest(self, job):
        assert self.verdict(None, words(job)).code == 21
        assert self.verdict(job, words(job)[:5]).text == "Invalid array size"
        assert self.verdict(job, words(job)).text == "Low difficulty share"
        assert self.verdict(job, words(job), difficulty=1e-12).code is None

    @pytest.mark.parametrize(
        ("meaning", "version"),
        [
            (VersionBits.BIP310, 0x20002000),
            (VersionBits.CKPOOL, 0x20006000),
            (VersionBits.PUBLIC_POOL, 0x20004000),
        ],
    )
    def test_three_readings_of_version_bits(self, job, meaning, version):
        job = replace(job, difficulty=1e-12, template=replace(job.template, version=0x20006000))
        assert self.verdict(job, words(job, bits="00002000"), meaning=meaning).version == version


class TestVardiff:
    def test_it_finds_the_difficulty_of_a_share_each_interval(self):
        quirks, difficulty, now_s = Quirks(vardiff_interval_s=5, vardiff_after_s=10), 1e-6, 0.0
        vardiff = Vardiff(since_s=0)
        rate = 0.01  # difficulty per second
        for _ in range(2000):
            now_s += difficulty / rate
            vardiff.share(difficulty)
            difficulty = vardiff.proposal(difficulty, now_s, quirks) or difficulty
        assert 0.05 / 1.6 < difficulty < 0.05 * 1.6

    def test_it_comes_down_when_nothing_comes(self):
        vardiff, quirks = Vardiff(since_s=0), Quirks(vardiff_interval_s=5, vardiff_after_s=10)
        assert vardiff.proposal(1.0, 15, quirks) is None
        assert vardiff.proposal(1.0, 21, quirks) == 1 / 8

    def test_whole_numbers_and_the_least(self):
        vardiff = Vardiff(since_s=0)
        assert vardiff.proposal(4.0, 100, Quirks(integer_difficulty=True)) == 1.0
        assert vardiff.proposal(1.0, 200, Quirks(minimum_difficulty=0.5)) == 0.5


class Line:
    """A miner's end of a connection, line by line."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def call(self, *lines):
        for line in lines:
            self.writer.write((line if isinstance(line, str) else json.dumps(line)).encode() + b"\n")
        await self.writer.drain()

    async def hear(self):
        async with asyncio.timeout(5):
            line = await self.reader.readline()
        return json.loads(line) if line else None


@pytest.fixture
async def dial():
    lines = []

    async def connect(pool) -> Line:
        lines.append(Line(*await asyncio.open_connection(pool.host, pool.port)))
        return lines[-1]

    yield connect
    for line in lines:
        line.writer.close()


class TestServer:
    async def test_shares_need_a_subscription_and_an_authorised_user(self, dial):
        async with PracticePool(quirks=Quirks(vardiff=False)) as pool:
            line = await dial(pool)
            await line.call({"id": 1, "method": "mining.submit", "params": []})
            assert (await line.hear())["error"][0] == 25
            await line.call({"id": 2, "method": "mining.subscribe", "params": []})
            await line.hear()
            await line.call({"id": 3, "method": "mining.submit", "params": ["u"]})
            assert (await line.hear())["error"][0] == 24
            await line.call({"id": 4, "method": "mining.authorize", "params": ["u", "x"]})
            assert (await line.hear())["result"] is True
            assert (await line.hear())["method"] == "mining.set_difficulty"
            assert (await line.hear())["params"][-1] is True
            await line.call({"id": 5, "method": "mining.submit", "params": ["u"]})
            assert (await line.hear())["error"][0] == 21
            assert pool.stats.rejected == 1

    @pytest.mark.parametrize("line", ["nonsense", "[]", "7"])
    async def test_nonsense_is_counted_and_forgiven(self, dial, line):
        async with PracticePool() as pool:
            end = await dial(pool)
            await end.call(line, {"id": 1, "method": "mining.subscribe", "params": []})
            assert (await end.hear())["id"] == 1
            assert pool.stats.bad_lines == 1

    @pytest.mark.parametrize("choice", list(UnknownMethods))
    async def test_unknown_methods(self, dial, choice):
        async with PracticePool(quirks=Quirks(unknown_methods=choice)) as pool:
            line = await dial(pool)
            await line.call({"id": 1, "method": "x"}, {"id": 2, "method": "mining.subscribe", "params": []})
            answer = await line.hear()
            expected = {UnknownMethods.SILENT: 2, UnknownMethods.ERROR: 1, UnknownMethods.CLOSE: None}[choice]
            assert (answer and answer["id"]) == expected

    async def test_new_work_comes_by_itself_and_now_and_then_a_new_block(self, dial):
        async with PracticePool(quirks=Quirks(notify_interval_s=0.05, block_every=2, vardiff=False)) as pool:
            line = await dial(pool)
            await line.call(
                {"id": 1, "method": "mining.subscribe", "params": []},
                {"id": 2, "method": "mining.authorize", "params": ["u", "x"]},
            )
            notifies = []
            while len(notifies) < 5:
                message = await line.hear()
                if message.get("method") == "mining.notify":
                    notifies.append(message["params"])
            clean = [params[-1] for params in notifies]
            assert clean[0]
            assert True in clean[1:]
            assert False in clean[1:]
            assert len({params[1] for params in notifies}) == sum(clean)
            pool.send_raw(b"raw\n")
            pool.reconnect()

    async def test_stale_work_is_forgiven_for_a_while_where_the_pool_is_kind(self, dial):
        async with PracticePool(quirks=Quirks(stale_grace_s=60, difficulty=1, vardiff=False)) as pool:
            line = await dial(pool)
            await line.call(
                {"id": 1, "method": "mining.subscribe", "params": []},
                {"id": 2, "method": "mining.authorize", "params": ["u", "x"]},
            )
            for _ in range(4):
                message = await line.hear()
            job_id, ntime = message["params"][0], message["params"][-2]
            pool.new_block()
            for grace_s, text in ((60, "Low difficulty share"), (0, "Job not found")):
                pool.quirks.stale_grace_s = grace_s
                await line.call({"id": 3, "method": "mining.submit", "params": ["u", job_id, "00" * 8, ntime, "0" * 8]})
                while (answer := await line.hear())["id"] != 3:
                    pass
                assert answer["error"][1] == text

    async def test_vardiff_runs_by_the_clock(self, dial):
        quirks = Quirks(difficulty=1, vardiff_interval_s=0.05, vardiff_after_s=0.1)
        async with PracticePool(quirks=quirks) as pool:
            line = await dial(pool)
            await line.call(
                {"id": 1, "method": "mining.subscribe", "params": []},
                {"id": 2, "method": "mining.authorize", "params": ["u", "x"]},
            )
            seen = []
            while len(seen) < 2:
                message = await line.hear()
                if message.get("method") == "mining.set_difficulty":
                    seen += message["params"]
            assert seen == [1, 1 / 8]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_program_says_when_it_is_ready_and_stops_on_a_signal(number):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.practice_pool", "--port", "0", "--shares", stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            assert (await process.stdout.readline()).startswith(b"practice pool ready on stratum+tcp://127.0.0.1:")
            process.send_signal(number)
            assert b"0 shares accepted" in await process.stdout.readline()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
