"""The host's part of vast.ai's API, with one machine."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, override

from aiohttp import web

from .stage import Stage

KEY = "vast-key"


class FakeVast(Stage):
    """One machine with two GPUs; earnings by the number of a day since 1970."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.token = KEY
        self.machine: dict[str, Any] = {
            "id": 7,
            "hostname": "cellar",
            "gpu_name": "RTX 3090",
            "num_gpus": 2,
            "gpu_occupancy": "D x",
            "listed": True,
            "listed_gpu_cost": 0.3,
            "min_bid_price": 0.1,
        }
        today = int(now().timestamp() // 86_400)
        self.days: list[dict[str, Any]] = [
            {"day": today - 2, "gpu_earn": 3.5, "sto_earn": 0.25, "bwu_earn": 0.05, "bwd_earn": 0.0},
            {"day": today - 1, "gpu_earn": 4.0, "sto_earn": 0.25, "bwu_earn": 0, "bwd_earn": None},
            {"day": today, "gpu_earn": 1.0, "sto_earn": 0.1, "bwu_earn": 0, "bwd_earn": 0},
        ]
        self.says_no = False

    @override
    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/machines", self._machines),
            web.get("/users/me/machine-earnings", self._earnings),
            web.put("/machines/create_asks/", self._list),
            web.delete("/machines/{id}/asks/", self._unlist),
        ]

    async def _machines(self, _request: web.Request) -> web.Response:
        return web.json_response({"machines": [{"id": 6}, self.machine]})

    async def _earnings(self, _request: web.Request) -> web.Response:
        return web.json_response({"summary": {}, "per_day": self.days})

    async def _list(self, request: web.Request) -> web.Response:
        if self.says_no:
            return web.json_response({"success": False, "msg": "machine is not verified"})
        self.machine |= {"listed": True, "listed_gpu_cost": (await request.json())["price_gpu"]}
        return web.json_response({"success": True})

    async def _unlist(self, _request: web.Request) -> web.Response:
        self.machine["listed"] = False
        return web.json_response({"success": True})
