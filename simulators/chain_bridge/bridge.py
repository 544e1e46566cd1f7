"""The bridge: keeps the template fresh, serves it over Stratum, hands found blocks to the node, which is the judge."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from simulators.practice_pool import PracticePool, Quirks
from simulators.practice_pool.bitcoin import Template, target_of_nbits
from simulators.practice_pool.judge import Job, Verdict

from .blocks import NodeTemplate, assemble_block
from .rpc import NodeRpc, RpcError

POLL_S = 1.0
SHARE_INTERVAL_S = 1.0
STALE_GRACE_S = 2.0
NEVER = 1 << 30
HARMLESS = frozenset({"inconclusive", "duplicate-inconclusive"})
"""Two blocks for the same height are both valid; the node keeps the first as its tip."""


@dataclass(kw_only=True)
class BridgeCounts:
    """What became of found blocks."""

    submitted: int = 0
    accepted: int = 0
    inconclusive: int = 0
    refused: list[str] = field(default_factory=list)
    """The node's reasons."""


class NodeSource:
    """Gives the server the node's newest template."""

    def __init__(self, newest: NodeTemplate, payout_script: bytes) -> None:
        self.newest = newest
        self._payout_script = payout_script

    def template(self, extranonce_bytes: int, version: int) -> Template:
        """Return it with our payout; the version is the node's to say, whatever the quirk."""
        del version
        return self.newest.to_work(extranonce_bytes, self._payout_script)

    def advance(self) -> None:
        """Leave that to the chain."""


class ChainBridge:
    """Use as `async with ChainBridge(...) as bridge`. Errors: RpcError when the node does not answer at first."""

    def __init__(
        self,
        rpc: NodeRpc,
        *,
        address: str,
        difficulty: float,
        host: str = "127.0.0.1",
        port: int = 0,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.counts = BridgeCounts()
        self._rpc = rpc
        self._address = address
        self._report = report or (lambda _: None)
        self._host = host
        self._port = port
        self._quirks = Quirks(
            difficulty=difficulty,
            honour_suggestion=False,
            vardiff_interval_s=SHARE_INTERVAL_S,
            block_every=NEVER,
            # On regtest each share is a block, so shares and the next block's work cross on the wire all the time.
            stale_grace_s=STALE_GRACE_S,
        )
        self._found: asyncio.Queue[tuple[Template, Verdict]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._source: NodeSource
        self.pool: PracticePool

    async def __aenter__(self) -> Self:
        script = bytes.fromhex((await self._rpc.call("validateaddress", self._address))["scriptPubKey"])
        self._source = NodeSource(await self._template(), script)
        self.pool = PracticePool(
            self._host, self._port, quirks=self._quirks, source=self._source, on_share=self._judged
        )
        await self.pool.__aenter__()
        self._tasks = [asyncio.create_task(self._submit_found()), asyncio.create_task(self._follow())]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pool.__aexit__(*error)

    def _judged(self, user: str, job: Job | None, verdict: Verdict) -> None:
        if job is None or verdict.code is not None:
            self._report(f"share of {user} refused: {verdict.text}")
        elif verdict.digest <= target_of_nbits(job.template.nbits):
            self._found.put_nowait((job.template, verdict))

    async def _submit_found(self) -> None:
        while True:
            template, verdict = await self._found.get()
            block = assemble_block(verdict.header, verdict.coinbase, template)
            self.counts.submitted += 1
            try:
                reason: Any = await self._rpc.call("submitblock", block.hex())
            except RpcError as error:
                reason = str(error)
            self._count(reason, template, verdict)
            await self._refresh()

    def _count(self, reason: Any, template: Template, verdict: Verdict) -> None:
        what = (
            f"block {template.height} with {1 + len(template.transactions)} transactions, version {verdict.version:08x}"
        )
        if reason is None:
            self.counts.accepted += 1
            self._report(f"{what}: accepted")
        elif reason in HARMLESS:
            self.counts.inconclusive += 1
            self._report(f"{what}: valid, but another came first")
        else:
            self.counts.refused.append(str(reason))
            self._report(f"{what}: refused, {reason}")

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            await self._refresh()

    async def _refresh(self) -> None:
        """Hand out new work when the node has a new tip or new transactions."""
        try:
            newest = await self._template()
        except RpcError as error:
            self._report(str(error))
            return
        old, self._source.newest = self._source.newest, newest
        if newest.previous != old.previous:
            self.pool.notify_all(clean=True)
        elif newest.txids != old.txids:
            self.pool.notify_all()

    async def _template(self) -> NodeTemplate:
        return NodeTemplate.parse(await self._rpc.call("getblocktemplate", {"rules": ["segwit"]}))
