"""What each action on AI jobs takes, strictly: what is not named here is refused."""

from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.helpers import config_validation as cv
from homeassistant.util.dt import as_utc
import voluptuous as vol

from .engine.jobs import Checkpointing, Flexibility, JobState, PauseMode, PayoutPer

ATTR_CONFIG_ENTRY_ID: Final = "config_entry_id"
ATTR_JOB_ID: Final = "job_id"
ATTR_FOR: Final = "for"
LONGEST_TEXT = 200
LONGEST_WORD = 4096
LONGEST = timedelta(days=366)
ENDED = tuple(state for state in JobState if state.final)
_GRACE_MOST = timedelta(minutes=10)


def _moment(value: Any) -> datetime:
    """Return a time; one that names no time zone is of this home. Errors: vol.Invalid."""
    try:
        return as_utc(cv.datetime(value))
    except OverflowError as error:
        raise vol.Invalid("no time that a calendar knows everywhere") from error


def _span(least: timedelta, most: timedelta = LONGEST) -> Any:
    return vol.All(cv.time_period, vol.Range(min=least, max=most))


_SECOND = timedelta(seconds=1)
_TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=LONGEST_TEXT))
_WORD = vol.All(cv.string, vol.Length(max=LONGEST_WORD))
_PRIORITY = vol.All(vol.Coerce(int), vol.Range(min=0, max=100))
_HEATER: dict[vol.Marker, Any] = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
_JOB: dict[vol.Marker, Any] = {**_HEATER, vol.Required(ATTR_JOB_ID): vol.All(cv.string, vol.Length(min=1, max=64))}
_ORDER: dict[vol.Marker, Any] = {
    vol.Optional("priority"): _PRIORITY,
    vol.Optional("flexibility"): vol.Coerce(Flexibility),
    vol.Optional("deadline"): _moment,
    vol.Optional("not_before"): _moment,
    vol.Optional("payout"): vol.All(vol.Coerce(float), vol.Range(min=0, max=1e6)),
    vol.Optional("currency"): vol.All(cv.string, vol.Length(min=1, max=16)),
    vol.Optional("payout_per", default=PayoutPer.JOB.value): vol.Coerce(PayoutPer),
}

HEATER = vol.Schema(_HEATER)
JOB = vol.Schema(_JOB)
SUBMIT_JOB = vol.Schema(
    {
        **_HEATER,
        vol.Required("template"): _TEXT,
        vol.Optional("name"): _TEXT,
        vol.Optional("parameters", default=dict): vol.Schema({cv.string: vol.Any(str, bool, int, float, None)}),
        **_ORDER,
    }
)
SUBMIT_COMMAND = vol.Schema(
    {
        **_HEATER,
        vol.Required("executor"): _TEXT,
        vol.Required("name"): _TEXT,
        vol.Required("command"): vol.All([_WORD], vol.Length(min=1, max=256)),
        vol.Optional("environment", default=dict): vol.Schema({cv.string: _WORD}),
        vol.Optional("restartable", default=True): cv.boolean,
        vol.Optional("checkpointing", default=Checkpointing.SIGNAL.value): vol.Coerce(Checkpointing),
        vol.Optional("checkpoint_interval"): _span(_SECOND),
        vol.Optional("grace"): _span(timedelta(), _GRACE_MOST),
        vol.Optional("maximum_runtime"): _span(_SECOND),
        vol.Optional("attempts"): vol.All(vol.Coerce(int), vol.Range(min=1, max=100)),
        vol.Optional("expected_power"): vol.All(vol.Coerce(float), vol.Range(min=0, max=100_000)),
        vol.Optional("cpus"): vol.All(vol.Coerce(float), vol.Range(min=0, max=4096)),
        vol.Optional("gpus"): vol.All(vol.Coerce(float), vol.Range(min=0, max=4096)),
        vol.Optional("memory"): vol.All(vol.Coerce(int), vol.Range(min=1, max=(1 << 30) - 1)),
        **_ORDER,
    }
)
CANCEL_JOB = vol.Schema({**_JOB, vol.Optional("force", default=False): cv.boolean})
PAUSE_JOB = vol.Schema(
    {
        **_JOB,
        vol.Optional("mode", default=PauseMode.AUTO.value): vol.Coerce(PauseMode),
        vol.Optional(ATTR_FOR): _span(_SECOND),
    }
)
SET_PRIORITY = vol.Schema({**_JOB, vol.Required("priority"): _PRIORITY})
LIST_JOBS = vol.Schema(
    {
        **_HEATER,
        vol.Optional("states"): vol.All(cv.ensure_list, [vol.Coerce(JobState)]),
        vol.Optional("limit", default=50): vol.All(vol.Coerce(int), vol.Range(min=1, max=500)),
    }
)
GET_JOB = vol.Schema(
    {**_JOB, vol.Optional("log_lines", default=20): vol.All(vol.Coerce(int), vol.Range(min=0, max=1000))}
)
CLEAR_JOBS = vol.Schema(
    {
        **_HEATER,
        vol.Optional("older_than", default=timedelta): _span(timedelta(), timedelta(days=36525)),
        vol.Optional("states"): vol.All(
            cv.ensure_list, [vol.All(vol.In([state.value for state in ENDED]), vol.Coerce(JobState))]
        ),
    }
)
PREEMPT = vol.Schema(
    {**_HEATER, vol.Required(ATTR_FOR): _span(timedelta()), vol.Optional("reason", default="preempt"): _TEXT}
)
WITHDRAW_MACHINE = vol.Schema({**_HEATER, vol.Required("executor"): _TEXT})
OFFER_MACHINE = WITHDRAW_MACHINE.extend(
    {vol.Required("price"): vol.All(vol.Coerce(float), vol.Range(min=0, min_included=False, max=1000))}
)
