"""Ollama, llama.cpp, vLLM and ComfyUI, as much of each as tells whether it is busy."""

from typing import Any, override

from aiohttp import web

from .stage import Stage


class FakeInference(Stage):
    """All four at one port. What is None is not enabled, which is 404, or 501 where llama.cpp says so."""

    def __init__(self) -> None:
        super().__init__()
        self.models: list[dict[str, Any]] = []
        self.metrics: str | None = None
        self.slots: list[dict[str, Any]] | None = None
        self.queue_remaining: Any = 0

    @override
    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/ps", self._ps),
            web.get("/metrics", self._metrics),
            web.get("/slots", self._slots),
            web.get("/health", self._health),
            web.get("/prompt", self._prompt),
        ]

    async def _ps(self, _request: web.Request) -> web.Response:
        return web.json_response({"models": self.models})

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(status=501) if self.metrics is None else web.Response(text=self.metrics)

    async def _slots(self, _request: web.Request) -> web.Response:
        return web.Response(status=501) if self.slots is None else web.json_response(self.slots)

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _prompt(self, _request: web.Request) -> web.Response:
        return web.json_response({"exec_info": {"queue_remaining": self.queue_remaining}})
