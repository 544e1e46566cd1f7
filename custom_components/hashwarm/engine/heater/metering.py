"""Tells the worker's watts from those of the whole machine on a meter, by what the machine draws without the worker."""

SETTLED_S = 300.0
SMOOTHING = 0.1
LEAST_DUTY = 0.3
DUTY_STEP = 0.02


class MachineMeter:
    """Learns the idle power while the worker pauses, and the power of full duty while it works steadily."""

    def __init__(self) -> None:
        self.idle_w: float | None = None
        self.full_duty_w: float | None = None
        self._duty: float | None = None
        self._steady_since_s = 0.0

    def worker_w(self, machine_w: float, duty: float, now_s: float) -> float | None:
        """Return what the worker adds, None until the idle power is known. Call at each reading."""
        if self._duty is None or abs(duty - self._duty) > DUTY_STEP or (duty > 0.0) != (self._duty > 0.0):
            self._duty, self._steady_since_s = duty, now_s
        if now_s - self._steady_since_s >= SETTLED_S:
            self._learn(machine_w, duty)
        return None if self.idle_w is None else max(machine_w - self.idle_w, 0.0)

    def _learn(self, machine_w: float, duty: float) -> None:
        if duty == 0.0:
            self.idle_w = _towards(self.idle_w, machine_w)
        elif self.idle_w is not None and duty >= LEAST_DUTY and machine_w > self.idle_w:
            self.full_duty_w = _towards(self.full_duty_w, (machine_w - self.idle_w) / duty)


def _towards(known_w: float | None, seen_w: float) -> float:
    return seen_w if known_w is None else known_w + SMOOTHING * (seen_w - known_w)
