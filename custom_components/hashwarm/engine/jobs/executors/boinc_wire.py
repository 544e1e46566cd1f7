"""The GUI RPC of BOINC: frames over one TCP connection (client/gui_rpc_server_ops.cpp), and what answers say."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
import hashlib
from html import escape, unescape
import math

from ...model.errors import ExecutorAuthError, ExecutorError, ExecutorRefusedError, ExecutorUnreachableError
from .answers import GarbageError, share, text

PORT = 31416
ANSWER_S = 10.0
LARGEST_ANSWER = 4 << 20
_END = b"\x03"
_EXECUTING, _SCHEDULED, _MODE_NEVER = 1, 2, 3
_MOST_TASKS = 1000
_LATEST_S = 4_000_000_000.0

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
type Connect = Callable[[str, int], Awaitable[Streams]]


async def open_streams(host: str, port: int) -> Streams:
    """Connect, with room for the longest answer. Errors: OSError."""
    return await asyncio.open_connection(host, port, limit=LARGEST_ANSWER)


class BoincConnection:
    """One connection to a client, made when it is needed and made anew after anything went wrong."""

    def __init__(
        self,
        host: str,
        *,
        password: str,
        port: int = PORT,
        connect: Connect = open_streams,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._host, self._port, self._password = host, port, password
        self._connect = connect
        self._answer_s = answer_s
        self._streams: Streams | None = None
        self._turn = asyncio.Lock()

    async def ask(self, request: str) -> str:
        """Return the answer to a request. Errors: ExecutorError and its kin."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._answer_s):
                    answer = await self._exchange(await self._opened(), request)
            except TimeoutError, OSError, EOFError:
                await self._drop()
                raise ExecutorUnreachableError(f"no answer from {self._host}") from None
            except ExecutorError, asyncio.CancelledError:
                await self._drop()
                raise
        return _accepted(answer)

    async def close(self) -> None:
        """Hang up."""
        async with self._turn:
            await self._drop()

    async def _opened(self) -> Streams:
        if self._streams is None:
            self._streams = await self._connect(self._host, self._port)
            await self._log_in(self._streams)
        return self._streams

    async def _log_in(self, streams: Streams) -> None:
        nonce = value(await self._exchange(streams, "<auth1/>"), "nonce")
        if nonce is None:
            raise GarbageError("no BOINC client")
        # The protocol wants MD5; the password never goes over the wire.
        proof = hashlib.md5((nonce + self._password).encode(), usedforsecurity=False).hexdigest()
        answer = await self._exchange(streams, f"<auth2><nonce_hash>{proof}</nonce_hash></auth2>")
        if "<authorized/>" not in answer:
            raise ExecutorAuthError("the password is not that of the client")

    async def _exchange(self, streams: Streams, request: str) -> str:
        reader, writer = streams
        writer.write(f"<boinc_gui_rpc_request>\n{request}\n</boinc_gui_rpc_request>\n".encode() + _END)
        await writer.drain()
        try:
            frame = await reader.readuntil(_END)
        except asyncio.LimitOverrunError:
            raise GarbageError("the answer has no end") from None
        answer = frame[:-1].decode("utf-8", "replace")
        if "<boinc_gui_rpc_reply>" not in answer:
            raise GarbageError("no BOINC client")
        return answer

    async def _drop(self) -> None:
        if self._streams is not None:
            writer, self._streams = self._streams[1], None
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()


def _accepted(answer: str) -> str:
    if "<unauthorized/>" in answer:
        raise ExecutorAuthError("the client wants its password")
    error = value(answer, "error")
    if error is not None:
        raise ExecutorRefusedError(text(error) or "refused")
    return answer


def blocks(xml: str, tag: str) -> Iterator[str]:
    """Return what stands between each opening and closing tag; BOINC's answers are no XML that a parser would take."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    position = xml.find(opening)
    while position >= 0:
        end = xml.find(closing, position)
        if end < 0:
            return
        yield xml[position + len(opening) : end]
        position = xml.find(opening, end)


def value(xml: str, tag: str) -> str | None:
    """Return the text of the first such tag, None where there is none."""
    found = next(blocks(xml, tag), None)
    return None if found is None else unescape(found.strip())


def figure(xml: str, tag: str) -> float | None:
    """Return the number in the first such tag, None where there is none."""
    try:
        found = float(value(xml, tag) or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


@dataclass(frozen=True, kw_only=True)
class BoincTask:
    """A piece of work of a project. Times in s, those of the processor where they say so."""

    project_url: str
    name: str
    executing: bool
    suspended: bool
    """By a person, or by a soft stop of ours."""
    progress: float | None
    remaining_s: float | None
    deadline: datetime | None
    since_checkpoint_s: float | None
    """Processor time whose work would be lost now."""


@dataclass(frozen=True, kw_only=True)
class BoincStatus:
    """Whether a client may work."""

    paused: bool
    paused_for_s: float | None
    suspended: bool
    """It does not compute now, whatever the reason."""


def tasks(xml: str) -> list[BoincTask]:
    """Return the tasks of an answer to get_results."""
    return [task for _, block in zip(range(_MOST_TASKS), blocks(xml, "result"), strict=False) if (task := _task(block))]


def _task(xml: str) -> BoincTask | None:
    name, project = text(value(xml, "name")), value(xml, "project_url")
    if name is None or project is None:
        return None
    checkpoint_s, current_s = figure(xml, "checkpoint_cpu_time"), figure(xml, "current_cpu_time")
    known = checkpoint_s is not None and current_s is not None and current_s >= checkpoint_s
    return BoincTask(
        project_url=project,
        name=name,
        executing=figure(xml, "active_task_state") == _EXECUTING and figure(xml, "scheduler_state") == _SCHEDULED,
        suspended="<suspended_via_gui/>" in xml,
        progress=share(figure(xml, "fraction_done")),
        remaining_s=figure(xml, "estimated_cpu_time_remaining"),
        deadline=_time(figure(xml, "report_deadline")),
        since_checkpoint_s=current_s - checkpoint_s if known and checkpoint_s is not None and current_s else None,
    )


def _time(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < _LATEST_S else None


def status(xml: str) -> BoincStatus:
    """Return whether the client may work. Errors: GarbageError."""
    mode, reason = figure(xml, "task_mode"), figure(xml, "task_suspend_reason")
    if mode is None or reason is None:
        raise GarbageError("no status of BOINC")
    delay_s = figure(xml, "task_mode_delay") or None
    paused = mode == _MODE_NEVER
    return BoincStatus(paused=paused, paused_for_s=delay_s if paused else None, suspended=reason != 0)


def about(task: BoincTask) -> str:
    """Return the tags that name a task in a request."""
    return f"<project_url>{escape(task.project_url)}</project_url><name>{escape(task.name)}</name>"
