"""What is the same in every miner: watts that follow a command with inertia, a boot, idle watts, and heat."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """How a machine behaves; watts at the wall, times in s."""

    idle_w: float
    up_tau_s: float
    """Time constant of the first-order rise."""
    down_tau_s: float
    boot_s: float
    """From power or restart to the first watt of work."""


class Machine:
    """One machine; `target_w` is what its setting stands for."""

    def __init__(self, hardware: Hardware, *, clock: Callable[[], float], target_w: float) -> None:
        self.hardware = hardware
        self.target_w = target_w
        self.paused = False
        self.plugged = True
        self.obeys = True
        """False lets it accept commands and ignore them."""
        self.restarts = 0
        self._clock = clock
        self._energy_ws = 0.0
        self._at_s = clock()
        self._booted_at_s = self._at_s
        self.plugged_at_s = self._at_s
        self._work_w = max(target_w - hardware.idle_w, 0.0)

    @property
    def booting(self) -> bool:
        """Return whether it is on its way to the first watt of work."""
        return self._clock() < self._booted_at_s

    @property
    def uptime_s(self) -> float:
        """Return the time since power came or it restarted."""
        return self._clock() - self.plugged_at_s

    @property
    def power_w(self) -> float:
        """Return the watts drawn at the wall now."""
        self.advance()
        return self._work_w + self.hardware.idle_w if self.plugged else 0.0

    @property
    def work_share(self) -> float:
        """Return the share of its target that it works at, 0 while idle."""
        self.advance()
        full_w = self.target_w - self.hardware.idle_w
        return self._work_w / full_w if full_w > 0.0 else 0.0

    @property
    def energy_ws(self) -> float:
        """Return all the heat given off so far, in Ws."""
        self.advance()
        return self._energy_ws

    def set_target(self, power_w: float, *, restarts: bool = False) -> None:
        """Take another setting; some machines restart on each."""
        if not self.obeys:
            return
        self.advance()
        self.target_w = power_w
        if restarts:
            self.restart()

    def pause(self) -> None:
        """Stop working."""
        if self.obeys:
            self.advance()
            self.paused = True

    def resume(self, *, boots: bool = True) -> None:
        """Work again, after a boot where the machine needs one."""
        if self.obeys and self.paused:
            self.advance()
            self.paused = False
            if boots:
                self._booted_at_s = self._clock() + self.hardware.boot_s

    def restart(self) -> None:
        """Lose all watts of work and boot."""
        self.advance()
        self.restarts += 1
        self._work_w = 0.0
        self.plugged_at_s = self._clock()
        self._booted_at_s = self._clock() + self.hardware.boot_s

    def unplug(self) -> None:
        """Cut the mains."""
        self.advance()
        self.plugged = False
        self._work_w = 0.0

    def plug_in(self) -> None:
        """Give it the mains again: it boots."""
        if not self.plugged:
            self.advance()
            self.plugged = True
            self.restart()

    def advance(self) -> None:
        """Let the time since the last look pass."""
        now_s = self._clock()
        if self._at_s < self._booted_at_s < now_s:
            self._run(self._booted_at_s, working=False)
        self._run(now_s, working=now_s >= self._booted_at_s)

    def _run(self, until_s: float, *, working: bool) -> None:
        elapsed_s, self._at_s = until_s - self._at_s, until_s
        if elapsed_s <= 0.0 or not self.plugged:
            return
        runs = working and not self.paused
        goal_w = max(self.target_w - self.hardware.idle_w, 0.0) if runs else 0.0
        tau_s = self.hardware.up_tau_s if goal_w > self._work_w else self.hardware.down_tau_s
        left = exp(-elapsed_s / tau_s) if tau_s > 0.0 else 0.0
        gap_w = self._work_w - goal_w
        self._energy_ws += (goal_w + self.hardware.idle_w) * elapsed_s + gap_w * tau_s * (1.0 - left)
        self._work_w = goal_w + gap_w * left
