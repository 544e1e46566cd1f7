"""The bridge against a node of paper that checks what it is given; the real node is in tests/acceptance."""

import asyncio
import json
import random
import signal
import struct
import sys
import time

import aiohttp
from aiohttp import web
import pytest

from custom_components.hashwarm.engine.hashing.work import FoundShare
from custom_components.hashwarm.engine.model.pool import PoolConfig
from custom_components.hashwarm.engine.stratum import PoolSession
from simulators.chain_bridge import ChainBridge, NodeRpc, RpcError
from simulators.practice_pool.bitcoin import dsha, header, merkle_root

SCRIPT = "0014" + "11" * 20
COMMITMENT = "6a24aa21a9ed" + "22" * 32
TRANSACTIONS = [{"txid": f"{number:02x}" * 32, "data": f"{number:02x}" * 60} for number in (1, 2, 3)]


async def until(condition) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


class PaperNode:
    """Answers the three calls of the bridge on a real socket."""

    def __init__(self, tmp_path):
        self.cookie = tmp_path / ".cookie"
        self.cookie.write_text("user:secret")
        self.blocks: list[bytes] = []
        self.height = 102
        self.segwit = True
        self.transactions = TRANSACTIONS
        self.reasons: list[str | None] = []
        self.broken = False

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/", self._call)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    async def _call(self, request):
        assert request.headers["Authorization"] == aiohttp.encode_basic_auth("user", "secret")
        body = await request.json()
        if self.broken:
            return web.json_response({"result": None, "error": {"code": -10, "message": "is downloading"}}, status=500)
        return web.json_response({"result": getattr(self, body["method"])(*body["params"]), "error": None})

    def validateaddress(self, address):
        return {"scriptPubKey": SCRIPT}

    def getblocktemplate(self, options):
        assert options == {"rules": ["segwit"]}
        answer = {
            "height": self.height,
            "version": 0x20000000,
            "previousblockhash": f"{self.height:064x}",
            "bits": "207fffff",
            "curtime": int(time.time()),
            "coinbasevalue": 5_000_000_000,
            "transactions": self.transactions,
            "longpollid": str(self.height),
        }
        return answer | ({"default_witness_commitment": COMMITMENT} if self.segwit else {})

    def submitblock(self, block):
        self.blocks.append(bytes.fromhex(block))
        reason = self.reasons.pop(0) if self.reasons else None
        if reason is None:
            self.height += 1
        return reason


@pytest.fixture
async def node(tmp_path):
    async with PaperNode(tmp_path) as node, aiohttp.ClientSession() as session:
        node.rpc = NodeRpc(session, node.url, node.cookie)
        yield node


@pytest.fixture
async def mine():
    """Mine some shares with a session of our own."""

    async def run(port: int, shares: int) -> PoolSession:
        works = []
        session = PoolSession(
            [PoolConfig(host="127.0.0.1", port=port, user="acc.w1")],
            on_work=works.append,
            clock=time.monotonic,
            random=random.Random(1),
            agent="test",
            hash_rate_hs=lambda: 300.0,
        )
        await session.start()
        counter = 0
        try:
            async with asyncio.timeout(20):
                while session.state.shares_accepted < shares:
                    await asyncio.sleep(0.01)
                    if works and works[-1] is not None:
                        counter += 1
                        hash_some(session, works[-1], counter)
        finally:
            await session.stop()
        return session

    return run


def hash_some(session, work, counter):
    extranonce2 = counter.to_bytes(work.extranonce2_size, "big")
    coinbase = work.coinbase1 + work.extranonce1 + extranonce2 + work.coinbase2
    root = merkle_root(coinbase, list(work.merkle_branches))
    version = work.version | 0x2000
    for nonce in range(3000):
        raw = header(version, work.previous_hash, root, work.ntime, work.nbits, nonce)
        digest = int.from_bytes(dsha(raw), "little")
        if digest <= work.target:
            share = FoundShare(
                work_id=work.work_id,
                extranonce2=extranonce2,
                ntime=work.ntime,
                nonce=nonce,
                version=version,
                digest=digest,
            )
            session.submit(share)
            return


@pytest.mark.parametrize("segwit", [True, False])
async def test_blocks_are_whole_and_pay_us(node, mine, segwit):
    node.segwit = segwit
    async with ChainBridge(node.rpc, address="bcrt1", difficulty=1e-6) as bridge:
        session = await mine(bridge.pool.port, 2)
        await until(lambda: bridge.counts.accepted >= 2)
        assert bridge.counts.refused == []
        assert session.state.shares_rejected == 0
    block = node.blocks[0]
    raw, rest = block[:80], block[80:]
    assert struct.unpack_from("<I", raw)[0] & 0x2000
    assert raw[4:36] == bytes.fromhex(f"{102:064x}")[::-1]
    assert rest[0] == 4
    assert rest.endswith(b"".join(bytes.fromhex(transaction["data"]) for transaction in TRANSACTIONS))
    coinbase = rest[1 : len(rest) - 180]
    assert bytes.fromhex(SCRIPT) in coinbase
    assert (bytes.fromhex(COMMITMENT) in coinbase) is segwit
    stripped = coinbase
    if segwit:
        assert coinbase[4:6] == b"\x00\x01"
        assert coinbase[-38:-4] == b"\x01\x20" + bytes(32)
        stripped = coinbase[:4] + coinbase[6:-38] + coinbase[-4:]
    level = [dsha(stripped), *(bytes.fromhex(transaction["txid"])[::-1] for transaction in TRANSACTIONS)]
    pairs = [dsha(level[0] + level[1]), dsha(level[2] + level[3])]
    assert raw[36:68] == dsha(pairs[0] + pairs[1])


async def test_trap_9_inconclusive_is_no_refusal(node, mine):
    node.reasons = ["inconclusive", "high-hash"]
    lines = []
    async with ChainBridge(node.rpc, address="bcrt1", difficulty=1e-6, report=lines.append) as bridge:
        await mine(bridge.pool.port, 3)
        await until(lambda: bridge.counts.accepted >= 1)
    assert (bridge.counts.inconclusive, bridge.counts.refused) == (1, ["high-hash"])
    assert any("valid, but another came first" in line for line in lines)
    assert any("refused, high-hash" in line for line in lines)


async def test_new_transactions_make_new_work_and_a_dumb_node_is_waited_for(node):
    lines, works = [], []
    async with ChainBridge(node.rpc, address="bcrt1", difficulty=1, report=lines.append) as bridge:
        session = PoolSession(
            [PoolConfig(host="127.0.0.1", port=bridge.pool.port, user="u")],
            on_work=works.append,
            clock=time.monotonic,
            random=random.Random(1),
            agent="test",
            hash_rate_hs=lambda: None,
        )
        await session.start()
        await until(lambda: works)
        node.broken = True
        await until(lambda: lines)
        node.broken = False
        node.transactions = TRANSACTIONS[:2]
        await until(lambda: len(works) >= 2)
        await session.stop()
    assert "is downloading" in lines[0]
    assert not works[1].clean
    assert works[1].merkle_branches != works[0].merkle_branches


async def test_a_node_that_is_not_there(tmp_path):
    async with aiohttp.ClientSession() as session:
        with pytest.raises(RpcError):
            await NodeRpc(session, "http://127.0.0.1:1", tmp_path / "none").call("x")
        (tmp_path / ".cookie").write_text("a:b")
        with pytest.raises(RpcError):
            await NodeRpc(session, "http://127.0.0.1:1", tmp_path / ".cookie").call("x")


async def test_the_program_writes_its_counts(node, tmp_path):
    summary = tmp_path / "summary.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.chain_bridge", "--rpc", node.url, "--cookie", str(node.cookie)),
        *("--address", "bcrt1", "--port", "0", "--summary", str(summary)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            assert b"chain bridge ready" in await process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert json.loads(summary.read_text())["blocks_submitted"] == 0
