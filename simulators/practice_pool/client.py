"""The pool's side of one connection."""

import asyncio
from collections.abc import Callable
import contextlib
import itertools
import json
from typing import Any, Protocol

from .chain import EXTRANONCE1_BYTES
from .judge import NOT_SUBSCRIBED, OTHER, UNAUTHORIZED, Job, Verdict, judge
from .quirks import ErrorFormat, Quirks, UnknownMethods
from .stats import PoolStats
from .vardiff import Vardiff, bounded

KEPT_JOBS = 64


class Desk(Protocol):
    """What a connection needs of the pool."""

    quirks: Quirks
    stats: PoolStats

    def new_job(self, extranonce1: bytes, difficulty: float) -> Job:
        """Return work of the template of now."""
        ...

    def judged(self, user: str, job: Job | None, verdict: Verdict) -> None:
        """Take note of a share."""
        ...


class Client:
    """Answers one miner."""

    def __init__(
        self,
        desk: Desk,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        extranonce1: bytes,
        clock: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._extranonce1 = extranonce1
        self._ids = itertools.count(1)
        self._jobs: dict[str, Job] = {}
        self._users: set[str] = set()
        self._subscribed = False
        self._said_all = False
        self._suggested = False
        self._mask: int | None = None
        self._difficulty = bounded(desk.quirks.difficulty, desk.quirks)
        self._vardiff = Vardiff(since_s=clock())

    @property
    def working(self) -> bool:
        """Whether it is subscribed and authorised."""
        return self._subscribed and bool(self._users)

    @property
    def _quirks(self) -> Quirks:
        return self._desk.quirks

    async def run(self) -> None:
        """Serve until either side closes."""
        if self._quirks.greeting:
            self._writer.write(self._quirks.greeting)
        if self._quirks.close_on_connect:
            return
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
            while line := await self._reader.readline():
                await self._line(line)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they stand."""
        if not self._writer.is_closing() and not self._said_all:
            self._writer.write(data)

    def send(self, method: str, params: list[Any], *, call: bool = False) -> None:
        """Send a notification, or a call that wants an answer."""
        self._send({"id": next(self._ids) if call else None, "method": method, "params": params})

    def set_difficulty(self, difficulty: float) -> None:
        """Set the difficulty of the work that follows."""
        self._difficulty = difficulty
        if self._quirks.raw_difficulty is None:
            self.send("mining.set_difficulty", [difficulty])
        else:
            line = '{"id":null,"method":"mining.set_difficulty","params":[' + self._quirks.raw_difficulty + "]}\n"
            self.send_raw(line.encode())

    def set_extranonce(self, extranonce1: bytes) -> None:
        """Change extranonce 1 for the work that follows."""
        self._extranonce1 = extranonce1
        self.send("mining.set_extranonce", [extranonce1.hex(), self._quirks.extranonce2_size])

    def set_version_mask(self, mask: int) -> None:
        """Change the mask, valid at once."""
        self._mask = mask
        self.send("mining.set_version_mask", [f"{mask:08x}"])

    def notify(self, *, clean: bool) -> None:
        """Hand out work of the template of now."""
        if self._quirks.no_work:
            return
        job = self._desk.new_job(self._extranonce1, self._difficulty)
        if clean:
            for old in self._jobs.values():
                old.retired_at_s = old.retired_at_s or self._clock()
        self._jobs[job.job_id] = job
        while len(self._jobs) > KEPT_JOBS:
            del self._jobs[next(iter(self._jobs))]
        template = job.template
        previous = b"".join(template.previous[start : start + 4][::-1] for start in range(0, 32, 4))
        word = "x" if self._quirks.unpadded_hex else "08x"
        params: list[Any] = [
            job.job_id,
            previous.hex(),
            template.coinbase1.hex(),
            template.coinbase2.hex(),
            [branch.hex() for branch in template.branches],
            *(format(number, word) for number in (template.version, template.nbits, template.ntime)),
            *self._quirks.extra_notify_params,
            clean,
        ]
        self.send("mining.notify", params)

    def retarget(self) -> None:
        """Let vardiff have a look."""
        wanted = self._vardiff.proposal(self._difficulty, self._clock(), self._quirks)
        if self._quirks.vardiff and self.working and wanted is not None:
            self.set_difficulty(wanted)
            self.notify(clean=self._quirks.judge_by_newest_difficulty)

    async def _line(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            method, params, request_id = message.get("method"), message.get("params", []), message.get("id")
        except ValueError, AttributeError:
            self._desk.stats.bad_lines += 1
            return
        if method is None:
            self._desk.stats.answers.append((request_id, message.get("result")))
            return
        self._desk.stats.calls.append((method, params))
        if self._quirks.delay_s:
            await asyncio.sleep(self._quirks.delay_s)
        if not self._quirks.silent:
            await self._call(request_id, method, params)

    async def _call(self, request_id: Any, method: str, params: list[Any]) -> None:
        match method:
            case "mining.subscribe":
                self._subscribe(request_id)
            case "mining.authorize":
                await self._authorize(request_id, params)
            case "mining.submit":
                self._submit(request_id, params)
            case _ if method in self._quirks.known_methods:
                self._optional(request_id, method, params)
            case _ if self._quirks.unknown_methods is UnknownMethods.ERROR:
                self._refuse(request_id, OTHER, "Unknown method")
            case _ if self._quirks.unknown_methods is UnknownMethods.CLOSE:
                self._writer.close()

    def _optional(self, request_id: Any, method: str, params: list[Any]) -> None:
        if method == "mining.configure":
            self._configure(request_id, params)
        elif method == "mining.suggest_difficulty":
            if self._quirks.honour_suggestion and not self._suggested:
                self._suggested = True
                self._difficulty = bounded(float(params[0]), self._quirks)
        else:
            self._reply(request_id, result=True)

    def _configure(self, request_id: Any, params: list[Any]) -> None:
        names, options = params
        result: dict[str, Any] = {}
        if "version-rolling" in names:
            result["version-rolling"] = self._quirks.version_rolling
            if self._quirks.version_rolling:
                self._mask = self._quirks.version_mask & int(options["version-rolling.mask"], 16)
                result["version-rolling.mask"] = f"{self._mask:08x}"
        if "minimum-difficulty" in names:
            result["minimum-difficulty"] = True
        if "subscribe-extranonce" in names:
            result["subscribe-extranonce"] = True
        self._reply(request_id, result=result)

    def _subscribe(self, request_id: Any) -> None:
        self._subscribed = True
        result = [[["mining.notify", "1"]], self._extranonce1.hex(), self._quirks.extranonce2_size]
        if self._quirks.difficulty_before_subscribe_reply:
            self.set_difficulty(self._difficulty)
        self._reply(request_id, result=result)

    async def _authorize(self, request_id: Any, params: list[Any]) -> None:
        user = str(params[0])
        if self._quirks.users is not None and user not in self._quirks.users:
            self._refuse(request_id, UNAUTHORIZED, "Unauthorized worker")
            return
        self._users.add(user)
        if self._quirks.notify_before_authorize_reply:
            self._first_work()
            self._reply(request_id, result=True)
        else:
            self._reply(request_id, result=True)
            self._first_work()
        if self._quirks.half_close:
            await self._writer.drain()
            self._said_all = True
            self._writer.write_eof()

    def _first_work(self) -> None:
        self.set_difficulty(self._difficulty)
        self.notify(clean=True)

    def _submit(self, request_id: Any, params: list[Any]) -> None:
        user = str(params[0]) if params else ""
        if not self._subscribed:
            self._refuse(request_id, NOT_SUBSCRIBED, "Not subscribed")
            return
        if user not in self._users:
            self._refuse(request_id, UNAUTHORIZED, "Worker mismatch")
            return
        job = self._job(str(params[1])) if len(params) > 1 else None
        newest = self._difficulty if self._quirks.judge_by_newest_difficulty else None
        verdict = judge(job, params, difficulty=newest, mask=self._mask, meaning=self._quirks.version_bits)
        self._desk.judged(user, job, verdict)
        if self._quirks.mute_submits:
            return
        if verdict.code is not None:
            self._refuse(request_id, verdict.code, verdict.text)
            return
        assert job is not None
        self._vardiff.share(job.difficulty)
        self._reply(request_id, result=True)
        self.retarget()

    def _job(self, job_id: str) -> Job | None:
        """Return the work of that name unless it is stale."""
        job = self._jobs.get(job_id)
        if job is None or job.retired_at_s is None:
            return job
        return job if self._clock() - job.retired_at_s < self._quirks.stale_grace_s else None

    def _reply(self, request_id: Any, *, result: Any) -> None:
        self._send({"id": str(request_id) if self._quirks.text_ids else request_id, "result": result, "error": None})

    def _refuse(self, request_id: Any, code: int, text: str) -> None:
        match self._quirks.error_format:
            case ErrorFormat.LIST:
                answer: dict[str, Any] = {"result": None, "error": [code, text, None]}
            case ErrorFormat.TEXT:
                answer = {"result": None, "error": text}
            case ErrorFormat.OBJECT:
                answer = {"result": None, "error": {"code": code, "message": text}}
            case ErrorFormat.REJECT_REASON:
                answer = {"result": False, "error": None, "reject-reason": text}
        self._send({"id": request_id, **answer})

    def _send(self, message: dict[str, Any]) -> None:
        self.send_raw(json.dumps(message).encode() + b"\n")


def extranonce1_of(number: int) -> bytes:
    """Return a connection's own extranonce 1."""
    return number.to_bytes(EXTRANONCE1_BYTES, "big")
