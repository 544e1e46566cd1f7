"""Thermostats as people run them today, written anew from the published formulas, at their defaults."""

from typing import Any

from .thermostat_view import FLOOR_W, MAXIMUM_W, MINUTE_S, View, Weather


class Peer:
    """A thermostat that knows the room, the weather now and nothing of what is to come."""

    weather = Weather.NONE
    uses_prices = False

    def notes(self) -> dict[str, Any]:
        """Return nothing: a peer has nothing to say."""
        return {}

    def close(self) -> None:
        """Hold nothing that would have to be let go of."""


class Hysteresis(Peer):
    """Full power from 0.3 K under the setpoint until 0.3 K above."""

    BAND_K = 0.3

    def __init__(self) -> None:
        self._on = False

    def demand_w(self, view: View) -> float:
        """Return the watts wanted; blind, the last wish stands."""
        if view.room_c is not None:
            if view.room_c < view.setpoint_c - self.BAND_K:
                self._on = True
            elif view.room_c > view.setpoint_c + self.BAND_K:
                self._on = False
        return MAXIMUM_W if self._on else 0.0


class Tpi(Peer):
    """Time proportional and integral, as valves and dimmers get it: a share of full power."""

    def __init__(self, inner: float, outer: float) -> None:
        """Take the share per K under the setpoint and per K that it is colder outside."""
        self._inner, self._outer = inner, outer
        self._share = 0.0

    def demand_w(self, view: View) -> float:
        """Return the watts wanted; blind, the last wish stands."""
        if view.room_c is not None:
            inside = self._inner * (view.setpoint_c - view.room_c)
            self._share = min(max(inside + self._outer * (view.setpoint_c - view.outdoor_c), 0.0), 1.0)
        return self._share * MAXIMUM_W


class PidOutdoor(Peer):
    """PID in percent on the distance to the setpoint, in s, with a term for the weather outside."""

    PROPORTIONAL, INTEGRAL, DERIVATIVE, OUTDOOR = 50.0, 0.01, 2000.0, 0.6

    def __init__(self) -> None:
        self._sum = 0.0
        self._percent = 0.0
        self._derivative = 0.0
        self._last: tuple[float, float, float] | None = None

    def demand_w(self, view: View) -> float:
        """Return the watts wanted; blind, the last wish stands."""
        if view.room_c is not None and view.room_age_s < MINUTE_S:
            self._percent = self._reported(view, view.room_c)
        return self._percent / 100.0 * MAXIMUM_W

    def _reported(self, view: View, room_c: float) -> float:
        """Answer a report; the sum starts anew at another setpoint and grows only while there is room to act."""
        error_k = view.setpoint_c - room_c
        outdoor = self.OUTDOOR * (view.setpoint_c - view.outdoor_c)
        if self._last is not None:
            at, last_c, setpoint_c = self._last
            elapsed_s = max(view.at - at, 1.0)
            if setpoint_c != view.setpoint_c:
                self._sum = 0.0
            elif 0.0 < self._percent < 100.0:
                self._sum = min(max(self._sum + self.INTEGRAL * error_k * elapsed_s, -100.0), 100.0)
            self._derivative = -self.DERIVATIVE * (room_c - last_c) / elapsed_s
        self._last = (view.at, room_c, view.setpoint_c)
        wanted = self.PROPORTIONAL * error_k + self._sum + self._derivative + outdoor
        return min(max(wanted, 0.0), 100.0)


class FloorAwarePi(Peer):
    """PI in watts that never asks for less than the floor: on or off by a wide hysteresis, between them dimmed."""

    PER_K, INTEGRAL_S, OUTDOOR_PER_K = 0.3, 9600.0, 0.01
    ON_K, OFF_K = 0.3, 0.6

    def __init__(self) -> None:
        self._sum_w = 0.0
        self._on = False

    def demand_w(self, view: View) -> float:
        """Return the watts wanted; blind, the last wish stands."""
        if view.room_c is None:
            return FLOOR_W if self._on else 0.0
        error_k = view.setpoint_c - view.room_c
        if error_k > self.ON_K:
            self._on = True
        elif error_k < -self.OFF_K:
            self._on = False
        forward_w = self.OUTDOOR_PER_K * MAXIMUM_W * (view.setpoint_c - view.outdoor_c)
        wanted_w = self.PER_K * MAXIMUM_W * error_k + forward_w + self._sum_w
        if FLOOR_W < wanted_w < MAXIMUM_W:
            self._sum_w += self.PER_K * MAXIMUM_W * error_k * MINUTE_S / self.INTEGRAL_S
        return min(max(wanted_w, FLOOR_W), MAXIMUM_W) if self._on else 0.0
