"""Does over Home Assistant's own API what a person would click: onboarding, log-in, adding the heater, first wishes."""

import asyncio
from typing import Any, Self

import aiohttp

USERNAME = "demo"
HEATER_TITLE = "Hashwarm heater"
OWN_TITLES = (HEATER_TITLE, "Home")
PASSWORD = "demo"  # noqa: S105 - of a home that listens on loopback only


class HomeClient:
    """A logged-in user of one Home Assistant."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self.base_url = base_url
        self.client_id = f"{base_url}/"
        self.tokens: dict[str, Any] = {}

    async def wait_until_up(self, limit_s: float) -> None:
        """Wait until the web server answers. Raises RuntimeError when it does not in time."""
        try:
            async with asyncio.timeout(limit_s):
                while not await self._answers():
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise RuntimeError(f"Home Assistant did not answer on {self.base_url} within {limit_s:.0f} s") from None

    async def _answers(self) -> bool:
        try:
            async with self._session.get(f"{self.base_url}/manifest.json") as answer:
                return answer.status < 500
        except aiohttp.ClientError:
            return False

    async def onboard_or_log_in(self) -> Self:
        """Make the demo user in a fresh home, log in to a known one."""
        async with self._session.get(f"{self.base_url}/api/onboarding") as answer:
            steps = await answer.json() if answer.status == 200 else []
        if any(step["step"] == "user" and not step["done"] for step in steps):
            await self._onboard()
        else:
            await self._log_in()
        return self

    async def _onboard(self) -> None:
        person = {
            "client_id": self.client_id,
            "name": "Demo",
            "username": USERNAME,
            "password": PASSWORD,
            "language": "en",
        }
        answer = await self._post("/api/onboarding/users", person)
        await self._exchange(answer["auth_code"])

    async def _log_in(self) -> None:
        start = {"client_id": self.client_id, "handler": ["homeassistant", None], "redirect_uri": self.client_id}
        flow = await self._post("/auth/login_flow", start)
        answer = await self._post(
            f"/auth/login_flow/{flow['flow_id']}",
            {"client_id": self.client_id, "username": USERNAME, "password": PASSWORD},
        )
        await self._exchange(answer["result"])

    async def _exchange(self, code: str) -> None:
        form = {"grant_type": "authorization_code", "code": code, "client_id": self.client_id}
        async with self._session.post(f"{self.base_url}/auth/token", data=form) as answer:
            answer.raise_for_status()
            self.tokens = await answer.json()

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._session.post(f"{self.base_url}{path}", json=body, headers=self._headers()) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{path} answered {answer.status}: {await answer.text()}")
            return await answer.json()

    def _headers(self) -> dict[str, str]:
        token = self.tokens.get("access_token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post as the user. Raises RuntimeError with the answer on a refusal."""
        return await self._post(path, body)

    async def get(self, path: str) -> Any:
        """Get as the user."""
        async with self._session.get(f"{self.base_url}{path}", headers=self._headers()) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{path} answered {answer.status}: {await answer.text()}")
            return await answer.json()

    async def state(self, entity_id: str) -> str | None:
        """Return the state of an entity, None while there is none."""
        async with self._session.get(f"{self.base_url}/api/states/{entity_id}", headers=self._headers()) as answer:
            return (await answer.json())["state"] if answer.status == 200 else None

    async def call(self, domain: str, action: str, data: dict[str, Any]) -> None:
        """Perform an action."""
        await self.post(f"/api/services/{domain}/{action}", data)

    async def command(self, command: dict[str, Any]) -> Any:
        """Send one websocket command and return its result. Raises RuntimeError on a refusal."""
        async with self._session.ws_connect(f"{self.base_url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.tokens["access_token"]})
            await socket.receive_json()
            await socket.send_json({"id": 1, **command})
            answer = await socket.receive_json()
        if not answer["success"]:
            raise RuntimeError(f"{command['type']} was refused: {answer['error']}")
        return answer["result"]

    async def entity_ids(self, *entry_ids: str) -> dict[str, str]:
        """Return entity ids by domain and translation key, of some config entries; the thermostat is `climate`.

        Without entries those of the worker on this machine and of the home.
        """
        wanted = set(entry_ids) or {entry["entry_id"] for entry in await self.entries() if entry["title"] in OWN_TITLES}
        entities = await self.command({"type": "config/entity_registry/list"})
        return {_short(item): item["entity_id"] for item in entities if item["config_entry_id"] in wanted}

    async def entries(self) -> list[dict[str, Any]]:
        """Return the config entries of all heaters and of the home."""
        return list(await self.get("/api/config/config_entries/entry?domain=hashwarm"))

    async def set_home_options(self, page: str, changes: dict[str, Any]) -> None:
        """Fill in a form of the home's options: what it suggests, with changes. Raises RuntimeError on a refusal."""
        home = next(entry["entry_id"] for entry in await self.entries() if entry["source"] == "system")
        await self.set_options(home, page, changes)

    async def set_options(self, entry_id: str, page: str, changes: dict[str, Any]) -> None:
        """Fill in a form of an entry's options: what it suggests, with changes. Raises RuntimeError on a refusal."""
        menu = await self.post("/api/config/config_entries/options/flow", {"handler": entry_id})
        flow = f"/api/config/config_entries/options/flow/{menu['flow_id']}"
        form = await self.post(flow, {"next_step_id": page})
        step = await self.post(flow, _filled_in(form, changes))
        if step["type"] != "create_entry":
            raise RuntimeError(f"the options refused {changes}: {step.get('errors')}")

    async def subentries(self, entry_id: str) -> list[dict[str, Any]]:
        """Return the subentries of an entry."""
        return list(await self.command({"type": "config_entries/subentries/list", "entry_id": entry_id}))

    async def add_subentry(self, entry_id: str, kind: str, changes: list[dict[str, Any]]) -> None:
        """Walk through a subentry's flow: what each form suggests, with changes. Raises RuntimeError on a refusal."""
        path = "/api/config/config_entries/subentries/flow"
        step = await self.post(path, {"handler": [entry_id, kind]})
        for change in changes:
            step = await self.post(f"{path}/{step['flow_id']}", _filled_in(step, change))
            if step.get("errors"):
                raise RuntimeError(f"the set-up refused {change}: {step['errors']}")
        if step["type"] != "create_entry":
            raise RuntimeError(f"the set-up ended with {step}")

    async def until_loaded(self, entry_id: str, limit_s: float = 30.0) -> None:
        """Wait until an entry that is being set up anew stands. Raises TimeoutError when it does not in time."""
        async with asyncio.timeout(limit_s):
            await asyncio.sleep(1.0)
            while all(entry["entry_id"] != entry_id or entry["state"] != "loaded" for entry in await self.entries()):
                await asyncio.sleep(0.2)

    async def run_flow(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """Walk through the config flow with one input per step; return its result."""
        step = await self.post("/api/config/config_entries/flow", {"handler": "hashwarm"})
        for user_input in inputs:
            step = await self.post(f"/api/config/config_entries/flow/{step['flow_id']}", user_input)
            if step.get("errors"):
                raise RuntimeError(f"the set-up refused {user_input}: {step['errors']}")
        if step["type"] != "create_entry":
            raise RuntimeError(f"the set-up ended with {step}")
        return dict(step)


def _filled_in(form: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return what a person sends who changes this much of a form."""
    sections = {name: {**_suggested(field["schema"]), **changes.get(name, {})} for name, field in _sections(form)}
    return {**_suggested(form["data_schema"]), **changes, **sections}


def _suggested(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a form holds before a person types: what it suggests, else its defaults."""
    found: dict[str, Any] = {}
    for field in fields:
        suggested = field.get("description", {}).get("suggested_value")
        value = field.get("default") if suggested is None else suggested
        if value is not None and field.get("type") != "expandable":
            found[field["name"]] = value
    return found


def _sections(form: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(field["name"], field) for field in form["data_schema"] if field.get("type") == "expandable"]


def _short(item: dict[str, Any]) -> str:
    domain = item["entity_id"].split(".")[0]
    return domain if domain == "climate" else f"{domain}.{item['translation_key']}"
