"""The demo's AI jobs: an executor and a template as a person would set them up, and their page of the dashboard."""

from collections.abc import Callable
import os
from pathlib import Path
import stat
import sys
from typing import Any

from .client import HEATER_TITLE, HomeClient
from .waiting import wait_for_ids

TEMPLATE = "Train on digits"
STEPS = 30_000
NEEDED = frozenset(
    {"climate", *(f"sensor.{key}" for key in ("ai_status", "ai_current_job", "ai_progress", "dispatch_reason"))}
)
TRUTH = """\
**What is real here:** a small neural network is trained on noisy digits by `examples/ai/train.py`, in a process of \
its own on one core of this machine. It is frozen when no heat is wanted, saved when that lasts, and goes on at the \
very step where it stopped.

**What is estimated:** its watts, from what this CPU is taken to draw. **What is made up:** \
the hundredth of a cent that it is paid.
"""
_WORDS = """\
**{{ state_translated('%(status)s') }}**{%% if has_value('%(job)s') %%}: {{ states('%(job)s') }}{%% endif %%}\
{%% if has_value('%(progress)s') %%}, **{{ states('%(progress)s') | float(0) | round(0) }} %%** done{%% endif %%}. \
{{ state_translated('%(reason)s') }}.
"""


class AiCorner:
    """Adds what runs jobs to the heater on this machine."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._train = root / "examples" / "ai" / "train.py"
        # Nobody cannot work where nobody may enter, as below the home of root.
        self._open = all(_is_open(place) for place in (*folder.parents, *self._train.parents))

    async def settle(self, client: HomeClient, maximum_w: float, say: Callable[[str], None]) -> list[dict[str, Any]]:
        """Add executor, template and a first job where they are missing; return the dashboard's view of them."""
        entry_id = next(entry["entry_id"] for entry in await client.entries() if entry["title"] == HEATER_TITLE)
        known = {told["title"] for told in await client.subentries(entry_id)}
        if TEMPLATE not in known:
            say("adding an AI executor and a job template, and submitting a first job")
            await self._add(client, entry_id, maximum_w)
        return [_view(entry_id, await wait_for_ids(client, NEEDED, entry_id))]

    async def _add(self, client: HomeClient, entry_id: str, maximum_w: float) -> None:
        core_w = max(1, round(maximum_w / (os.cpu_count() or 1)))
        machine = {"name": "This machine", "expected_power": core_w, "same_chip": False}
        if not self._open:
            machine["as_nobody"] = False
        executors = await _executors(client, entry_id)
        if not executors:
            await client.add_subentry(entry_id, "executor", [{"kind": "local"}, machine])
            executors = await _executors(client, entry_id)
        (executor,) = executors
        command = [sys.executable, str(self._train), "--steps", "{steps}"]
        template = {
            "name": TEMPLATE,
            "executor": executor["subentry_id"],
            "command": "\n".join(command),
            "parameters": [{"name": "steps", "type": "number", "default": str(STEPS), "minimum": 1}],
            "environment": "OMP_NUM_THREADS=1\nOPENBLAS_NUM_THREADS=1",
            "duty": {"flexibility": "high"},
            "needs": {"payout": 0.0001},
        }
        await client.add_subentry(entry_id, "template", [template])
        await client.until_loaded(entry_id)
        await client.call("hashwarm", "submit_job", {"config_entry_id": entry_id, "template": TEMPLATE})


async def _executors(client: HomeClient, entry_id: str) -> list[dict[str, Any]]:
    return [told for told in await client.subentries(entry_id) if told["subentry_type"] == "executor"]


def _is_open(place: Path) -> bool:
    return bool(place.stat().st_mode & stat.S_IXOTH)


def _view(entry_id: str, ids: dict[str, str]) -> dict[str, Any]:
    view = {"title": "AI jobs", "path": "ai", "type": "sections", "max_columns": 3}
    return {**view, "sections": [_now(entry_id, ids), _watch(ids), _worth(ids)]}


def _now(entry_id: str, ids: dict[str, str]) -> dict[str, Any]:
    words = _WORDS % {
        "status": ids["sensor.ai_status"],
        "job": ids["sensor.ai_current_job"],
        "progress": ids["sensor.ai_progress"],
        "reason": ids["sensor.dispatch_reason"],
    }
    submit = {
        "type": "button",
        "name": "Train once more",
        "icon": "mdi:school",
        "grid_options": {"columns": 6, "rows": 2},
        "tap_action": {
            "action": "perform-action",
            "perform_action": "hashwarm.submit_job",
            "data": {"config_entry_id": entry_id, "template": TEMPLATE},
        },
    }
    rows = {
        "switch.ai_enabled": "AI jobs",
        "select.workload_mode": "Who goes first",
        "sensor.ai_queue_length": "Waiting",
        "sensor.ai_time_remaining": "Time left",
        "sensor.ai_last_checkpoint": "Last saved",
        "button.finish_and_pause": "Finish, then rest",
        "button.cancel_current": "Cancel this job",
    }
    cards: list[dict[str, Any]] = [
        {"type": "thermostat", "entity": ids["climate"], "features": [{"type": "climate-hvac-modes"}]},
        {"type": "markdown", "content": words},
        submit,
        {"type": "entities", "entities": _rows(ids, rows)},
    ]
    return _section("The job and the heat", cards)


def _watch(ids: dict[str, str]) -> dict[str, Any]:
    power = _rows(ids, {"sensor.power": "In all", "sensor.ai_power": "AI"})
    progress = [
        {
            "type": "gauge",
            "entity": row["entity"],
            "name": "Progress",
            "min": 0,
            "max": 100,
            "visibility": [{"condition": "numeric_state", "entity": row["entity"], "above": -1}],
        }
        for row in _rows(ids, {"sensor.ai_progress": "Progress"})
    ]
    return _section(
        "What the watts do",
        [
            *progress,
            *({"type": "tile", **row} for row in _rows(ids, {"sensor.workload": "Workload", "sensor.ai_power": "AI"})),
            {"type": "history-graph", "hours_to_show": 0.25, "entities": power, "grid_options": {"columns": 12}},
            {
                "type": "history-graph",
                "hours_to_show": 0.25,
                "entities": _rows(ids, {"sensor.ai_status": "AI", "sensor.workload": "Workload"}),
                "grid_options": {"columns": 12},
            },
        ],
    )


def _worth(ids: dict[str, str]) -> dict[str, Any]:
    rows = {
        "sensor.ai_value_per_kwh": "A kWh of AI earns",
        "sensor.mining_value_per_kwh": "A kWh of mining earns",
        "sensor.dispatch_reason": "Why",
        "sensor.ai_revenue_total": "Earned by AI",
        "sensor.ai_revenue_pending": "Told, not settled",
        "sensor.ai_energy": "Energy of AI",
        "sensor.ai_jobs_completed": "Jobs done",
    }
    return _section(
        "What it is worth",
        [{"type": "entities", "entities": _rows(ids, rows)}, {"type": "markdown", "content": TRUTH}],
    )


def _rows(ids: dict[str, str], names: dict[str, str]) -> list[dict[str, str]]:
    return [{"entity": ids[key], "name": name} for key, name in names.items() if key in ids]


def _section(title: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *cards]}
