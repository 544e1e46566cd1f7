"""A BOINC client's GUI RPC, as much of it as Hashwarm speaks, after Debian's 8.0.4."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import hashlib
import re

PASSWORD = "secret"  # noqa: S105 - it guards nothing.
_NEVER, _AUTO = 3, 2


@dataclass
class FakeTask:
    """A task; processor times in s."""

    name: str
    executing: bool = True
    fraction: float = 0.5
    current_s: float = 100.0
    checkpoint_s: float = 90.0
    suspended: bool = False


class FakeBoinc:
    """Serves one client. `answer` replaces every answer to a request, `silent` holds it back."""

    def __init__(self) -> None:
        self.password = PASSWORD
        self.tasks: list[FakeTask] = []
        self.mode, self.delay_s = _AUTO, 0.0
        self.override: str | None = None
        self.requests: list[str] = []
        self.answer: bytes | None = None
        self.silent = False
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        welcome = False
        try:
            while True:
                request = (await reader.readuntil(b"\x03"))[:-1].decode().split("\n", 1)[1]
                request = request.rsplit("</boinc_gui_rpc_request>", 1)[0].strip()
                self.requests.append(request)
                if self.silent:
                    await asyncio.sleep(3600)
                if request.startswith("<auth2>"):
                    welcome = hashlib.md5(b"77.5" + self.password.encode()).hexdigest() in request  # noqa: S324
                writer.write(self._answer(request, welcome=welcome))
                await writer.drain()
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, request: str, *, welcome: bool) -> bytes:
        if self.answer is not None:
            return self.answer
        if request == "<auth1/>":
            told = "<nonce>77.5</nonce>"
        elif request.startswith("<auth2>"):
            told = "<authorized/>" if welcome else "<unauthorized/>"
        else:
            told = self._obey(request) if welcome else "<unauthorized/>"
        return f"<boinc_gui_rpc_reply>\n{told}\n</boinc_gui_rpc_reply>\n\x03".encode()

    def _obey(self, request: str) -> str:
        verbs: dict[str, Callable[[str], str]] = {
            "get_results": self._results,
            "get_cc_status": self._status,
            "set_run_mode": self._set_mode,
            "suspend_result": lambda text: self._suspend(text, suspended=True),
            "resume_result": lambda text: self._suspend(text, suspended=False),
            "get_global_prefs_override": self._get_override,
            "set_global_prefs_override": self._set_override,
            "read_global_prefs_override": lambda _text: "<success/>",
        }
        verb = re.match(r"<(\w+)", request)
        if verb is None or verb[1] not in verbs:
            return f"<error>unrecognized op: {request}</error>"
        return verbs[verb[1]](request)

    def _results(self, _text: str) -> str:
        return "<results>\n" + "".join(self._result(task) for task in self.tasks) + "</results>"

    def _result(self, task: FakeTask) -> str:
        working = task.executing and not task.suspended and self.mode != _NEVER
        flag = "<suspended_via_gui/>" if task.suspended else ""
        return (
            f"<result><name>{task.name}</name><project_url>http://project/?a=1&amp;b=2</project_url>"
            f"<estimated_cpu_time_remaining>{900.5}</estimated_cpu_time_remaining>{flag}"
            f"<report_deadline>1796235036.000000</report_deadline><active_task>"
            f"<active_task_state>{1 if working else 9}</active_task_state><scheduler_state>2</scheduler_state>"
            f"<checkpoint_cpu_time>{task.checkpoint_s}</checkpoint_cpu_time><fraction_done>{task.fraction}</fraction_done>"
            f"<current_cpu_time>{task.current_s}</current_cpu_time></active_task></result>\n"
        )

    def _status(self, _text: str) -> str:
        return (
            f"<cc_status><task_suspend_reason>{8 if self.mode == _NEVER else 0}</task_suspend_reason>"
            f"<task_mode>{self.mode}</task_mode><task_mode_delay>{self.delay_s}</task_mode_delay></cc_status>"
        )

    def _set_mode(self, text: str) -> str:
        duration = re.search(r"<duration>(\d+)</duration>", text)
        self.mode = _NEVER if "<never/>" in text else _AUTO
        self.delay_s = float(duration[1]) if duration and self.mode == _NEVER else 0.0
        return "<success/>"

    def _suspend(self, text: str, *, suspended: bool) -> str:
        for task in self.tasks:
            if f"<name>{task.name}</name>" in text and "<project_url>http://project/?a=1&amp;b=2<" in text:
                task.suspended = suspended
                return "<success/>"
        return "<error>No such result</error>"

    def _get_override(self, _text: str) -> str:
        return "<error>no prefs override file</error>" if self.override is None else self.override

    def _set_override(self, text: str) -> str:
        inner = text.removeprefix("<set_global_prefs_override>").removesuffix("</set_global_prefs_override>").strip()
        self.override = inner or None
        return "<success/>"
