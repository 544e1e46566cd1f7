"""All pools on one port, each under a path of its own, with moods to switch on while they run."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
import json

from aiohttp import web

from . import answers
from .account import PracticeAccount

POOLS = ("ckpool", "public_pool", "ocean", "braiins", "nicehash", "f2pool", "address_watch")
_ERROR = {"error": {"code": 5000, "message": "Something went wrong"}, "status": "error"}
_KEY_HEADERS = {"braiins": "Pool-Auth-Token", "f2pool": "F2P-API-SECRET"}


class Mood(StrEnum):
    """How a pool answers."""

    GOOD = "good"
    ERROR_IN_200 = "error_in_200"
    REFUSED_IN_200 = "refused_in_200"
    UNKNOWN_IN_200 = "unknown_in_200"
    HTML = "html"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    HASTE = "haste"
    """429 with Retry-After."""
    BROKEN = "broken"
    SLOW = "slow"
    """Answers after `slow_s`."""
    NEGATIVE = "negative"
    ABSURD = "absurd"
    OTHER_COIN = "other_coin"
    LINES = "lines"
    """One object per line, as CKPool does at times."""
    REDIRECT = "redirect"
    """To `elsewhere`, which a key must never be sent to."""


_PLAIN: dict[Mood, Callable[[], web.Response]] = {
    Mood.ERROR_IN_200: lambda: web.json_response(_ERROR),
    Mood.REFUSED_IN_200: lambda: web.json_response({"code": -10_005, "msg": "invalid api secret"}),
    Mood.UNKNOWN_IN_200: lambda: web.json_response({"errors": [{"code": 5097, "message": "Address not found"}]}),
    Mood.HTML: lambda: web.Response(text="<html>Please wait</html>", content_type="text/html"),
    Mood.UNKNOWN: lambda: web.Response(status=404),
    Mood.REFUSED: lambda: web.Response(status=401),
    Mood.HASTE: lambda: web.Response(status=429, headers={"Retry-After": "1800"}),
    Mood.BROKEN: lambda: web.Response(status=502),
}


class PracticePools:
    """Owns the server. Base addresses of the pools: `url(pool)`.

    GET /state, PUT /mood/POOL {"mood": name}, POST /credit {"sat": 5}, POST /payout {"sat": 5, "confirmed": false},
    POST /block {"sat": 5, "height": 9}, POST /confirm and POST /reorganise, which take the last payout.
    """

    def __init__(self, account: PracticeAccount, *, now: Callable[[], datetime]) -> None:
        self.account = account
        self.moods = dict.fromkeys(POOLS, Mood.GOOD)
        self.slow_s = 60.0
        self.elsewhere = ""
        self.requests: Counter[str] = Counter()
        self.port = 0
        self._now = now
        self._runner: web.AppRunner | None = None

    def url(self, pool: str) -> str:
        """Return the base address to give to the reader of a pool."""
        return f"http://127.0.0.1:{self.port}/{pool}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/state", self._get_state),
                web.put("/mood/{pool}", self._put_mood),
                *(web.post(f"/{event}", self._post_event) for event in _EVENTS),
                *(route for pool in POOLS for route in self._routes(pool)),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _routes(self, pool: str) -> list[web.RouteDef]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests[pool] += 1
            return await self._answer(pool, request)

        return [web.get(f"/{pool}/{{path:.*}}", handle), web.post(f"/{pool}/{{path:.*}}", handle)]

    async def _answer(self, pool: str, request: web.Request) -> web.StreamResponse:
        mood = self.moods[pool]
        if mood is Mood.SLOW:
            await asyncio.sleep(self.slow_s)
        if mood is Mood.REDIRECT:
            raise web.HTTPFound(self.elsewhere)
        if mood in _PLAIN:
            return _PLAIN[mood]()
        if pool in _KEY_HEADERS and request.headers.get(_KEY_HEADERS[pool]) != self.account.secret:
            return web.Response(status=401)
        answer = await self._tell(pool, request)
        if answer is None:
            return web.Response(status=404)
        if mood is Mood.LINES and isinstance(answer, dict):
            return web.Response(text="".join(json.dumps({key: value}) + "\n" for key, value in answer.items()))
        return web.json_response(_in_other_coin(answer) if mood is Mood.OTHER_COIN else answer)

    def _told_account(self, pool: str) -> PracticeAccount:
        """Return the account as this pool tells of it in its mood."""
        if self.moods[pool] is Mood.NEGATIVE:
            return replace(self.account, unpaid_sat=-5, hash_rate_hs=-1.0, payouts=[], days={}, blocks=[])
        if self.moods[pool] is Mood.ABSURD:
            return replace(self.account, unpaid_sat=22_000_000 * 100_000_000, hash_rate_hs=1e27)
        return self.account

    async def _tell(self, pool: str, request: web.Request) -> object:
        """Return what a pool tells at a path, None where there is nothing."""
        account, path = self._told_account(pool), request.match_info["path"]
        if pool == "f2pool":
            question = await request.json()
            if question != {"currency": "bitcoin", "mining_user_name": account.user}:
                return {"code": -10_004, "msg": "mining user does not exist"}
        elif pool != "braiins" and account.address not in path.split("/"):
            return None
        return _ANSWERS[pool](account, path, request, self._now())

    async def _get_state(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "address": self.account.address,
                "unpaid_sat": self.account.unpaid_sat,
                "paid_sat": self.account.paid_sat,
                "moods": self.moods,
                "requests": dict(self.requests),
            }
        )

    async def _post_event(self, request: web.Request) -> web.Response:
        """Let something happen to the account."""
        try:
            told = {name: int(value) for name, value in (await request.json()).items()}
            _EVENTS[request.path.strip("/")](self.account, told, self._now())
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise web.HTTPBadRequest(text="sat, height and confirmed are whole numbers") from error
        return await self._get_state(request)

    async def _put_mood(self, request: web.Request) -> web.Response:
        pool = request.match_info["pool"]
        if pool not in self.moods:
            raise web.HTTPNotFound(text=f"pools are {', '.join(POOLS)}")
        try:
            self.moods[pool] = Mood((await request.json())["mood"])
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text=f"mood is one of {', '.join(Mood)}") from error
        return web.json_response({"mood": self.moods[pool]})


def _credit(account: PracticeAccount, told: dict[str, int], now: datetime) -> None:
    account.credit(now, told["sat"])


def _pay_out(account: PracticeAccount, told: dict[str, int], now: datetime) -> None:
    account.pay_out(now, told["sat"], confirmed=bool(told.get("confirmed", True)))


def _find_block(account: PracticeAccount, told: dict[str, int], now: datetime) -> None:
    account.find_block(now, told["height"], told["sat"])


def _confirm(account: PracticeAccount, _told: dict[str, int], _now: datetime) -> None:
    account.payouts[-1] = replace(account.payouts[-1], confirmed=True)


def _reorganise(account: PracticeAccount, _told: dict[str, int], _now: datetime) -> None:
    account.unpaid_sat += account.payouts.pop().sat


_EVENTS = {
    "credit": _credit,
    "payout": _pay_out,
    "block": _find_block,
    "confirm": _confirm,
    "reorganise": _reorganise,
}


def _in_other_coin(answer: object) -> object:
    """Return an answer that tells of litecoin."""
    if isinstance(answer, list):
        return [_in_other_coin(row) for row in answer]
    if not isinstance(answer, dict):
        return answer
    inner = {("ltc" if key == "btc" else key): _in_other_coin(value) for key, value in answer.items()}
    return inner | {"currency": "LTC"}


def _ckpool(account: PracticeAccount, path: str, _request: web.Request, _now: datetime) -> object:
    return answers.ckpool_user(account) if path.startswith("users/") else None


def _public_pool(account: PracticeAccount, path: str, _request: web.Request, _now: datetime) -> object:
    return answers.public_pool_client(account) if path.startswith("api/client/") else None


def _ocean(account: PracticeAccount, path: str, _request: web.Request, _now: datetime) -> object:
    match path.split("/"):
        case ["v1", "user_hashrate", _]:
            return answers.ocean_hashrate(account)
        case ["v1", "statsnap", _]:
            return answers.ocean_statsnap(account)
        case ["v1", "earnpay", _, start, end]:
            return answers.ocean_earnpay(account, int(start), int(end))
    return None


def _braiins(account: PracticeAccount, path: str, request: web.Request, now: datetime) -> object:
    first = date.fromisoformat(request.query.get("from", "2009-01-03"))
    match path.strip("/").split("/"):
        case ["accounts", "profile", "json", "btc"]:
            return answers.braiins_profile(account)
        case ["accounts", "rewards", "json", "btc"]:
            return answers.braiins_rewards(account, first, now.date())
        case ["accounts", "payouts", "json", "btc"]:
            return answers.braiins_payouts(account)
    return None


def _nicehash(account: PracticeAccount, path: str, _request: web.Request, _now: datetime) -> object:
    match path.removeprefix("main/api/v2/mining/external/").split("/"):
        case [_, "rigs2"]:
            return answers.nicehash_rigs(account)
        case [_, "withdrawals"]:
            return answers.nicehash_withdrawals(account)
    return None


def _f2pool(account: PracticeAccount, path: str, _request: web.Request, now: datetime) -> object:
    match path:
        case "v2/hash_rate/info":
            return answers.f2pool_hash_rate(account)
        case "v2/assets/balance":
            return answers.f2pool_balance(account, now.date())
    return None


def _chain(account: PracticeAccount, path: str, _request: web.Request, _now: datetime) -> object:
    match path.split("/"):
        case ["api", "address", _, "txs"]:
            return answers.chain_transactions(account, None)
        case ["api", "address", _, "txs", "chain", after]:
            return answers.chain_transactions(account, after)
    return None


_ANSWERS: dict[str, Callable[[PracticeAccount, str, web.Request, datetime], object]] = {
    "ckpool": _ckpool,
    "public_pool": _public_pool,
    "ocean": _ocean,
    "braiins": _braiins,
    "nicehash": _nicehash,
    "f2pool": _f2pool,
    "address_watch": _chain,
}
