"""The threads that hash: each takes units from the supply, in batches that hold the pace, until told otherwise."""

import ctypes
import mmap
import threading
import time

from .header import digest_of, header
from .pacing import SLICE_S, Pacer
from .supply import NONCES, Supply, Unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .protocol import Task
    from .proving import Kernel

_RATE_WEIGHT = 0.2
_RETRY_S = 0.2
_LEARN_S = 0.005
"""Shorter batches say more of cold caches and clocks than of the full rate."""


class StopFlags:
    """One word per lane in memory that helper processes share; not zero asks the kernel to return at once."""

    def __init__(self, lanes: int) -> None:
        self._memory = mmap.mmap(-1, 4 * lanes)
        self.flags = [ctypes.c_int32.from_buffer(self._memory, 4 * lane) for lane in range(lanes)]

    def set_all(self) -> None:
        """Interrupt every lane."""
        for flag in self.flags:
            flag.value = 1


class Orders:
    """What all lanes obey. Every change is made under `changed` and wakes them."""

    def __init__(self, stops: StopFlags) -> None:
        self.changed = threading.Condition()
        self.serial = 0
        self.supply: Supply | None = None
        self.rate_hs: float | None = None
        self.duty = 0.0
        self.alive = False
        """Whether the heartbeat is fresh."""
        self.closing = False
        self._stops = stops

    def _change(self, *, interrupt: bool) -> None:
        """Make the lanes look; called with `changed` held."""
        self.serial += 1
        if interrupt:
            self._stops.set_all()
        self.changed.notify_all()

    def take_work(self, task: Task | None) -> None:
        """Replace the work; clean work and no work interrupt the batches that run."""
        with self.changed:
            self.supply = Supply(task) if task else None
            self._change(interrupt=task is None or task.clean)

    def hold_duty(self, duty: float) -> None:
        """Hold a share of CPU time."""
        with self.changed:
            self.rate_hs, self.duty = None, duty
            self._change(interrupt=True)

    def hold_rate(self, rate_hs: float) -> None:
        """Hold a hash rate over all lanes."""
        with self.changed:
            self.rate_hs, self.duty = rate_hs, 0.0
            self._change(interrupt=True)

    def set_alive(self, *, alive: bool) -> None:
        """Take note of the heartbeat."""
        with self.changed:
            if alive != self.alive:
                self.alive = alive
                self._change(interrupt=True)

    def close(self) -> None:
        """End all lanes."""
        with self.changed:
            self.closing = True
            self._change(interrupt=True)

    @property
    def hashing(self) -> bool:
        """Whether anything is to be hashed now."""
        return self.alive and self.supply is not None and (self.duty > 0 or bool(self.rate_hs))


class Lane:
    """One thread's state. Counters are read by others without a lock: each is one write of one thread."""

    def __init__(
        self,
        *,
        index: int,
        lanes: int,
        orders: Orders,
        stop: ctypes.c_int32,
        kernels: tuple[Kernel, Kernel],
        rates_hs: dict[str, float],
        on_share: Callable[[Unit, int, int, int], None],
    ) -> None:
        """Take the kernels for work that rolls versions and that does not; `rates_hs` are their first guesses."""
        self.hashes = 0
        self.cpu_s = 0.0
        self.full_rate_hs = rates_hs[kernels[0].name]
        self.pacer = Pacer(phase_s=index * SLICE_S / lanes)
        self._lanes = lanes
        self._orders = orders
        self._stop = stop
        self._kernels = kernels
        self._on_share = on_share
        self._seen = -1
        self._was_hashing = False
        self._supply: Supply | None = None
        self._unit: Unit | None = None
        self.kernel = kernels[0]
        self._rates_hs = rates_hs
        self._cpu_mark_s = 0.0

    def run(self) -> None:
        """Hash until the orders close."""
        self._cpu_mark_s = time.thread_time()
        while self._await_batch():
            self._batch()

    def _await_batch(self) -> bool:
        """Sleep until a batch is due; False when the orders close."""
        orders = self._orders
        with orders.changed:
            while not orders.closing:
                now_s = time.monotonic()
                if orders.serial != self._seen:
                    self._obey(now_s)
                wait_s = self.pacer.wait_s(now_s) if orders.hashing else None
                if wait_s == 0:
                    self._stop.value = 0
                    return True
                orders.changed.wait(wait_s)
        return False

    def _obey(self, now_s: float) -> None:
        """Take over orders that changed; called with them held."""
        orders = self._orders
        self._seen = orders.serial
        if orders.rate_hs is None:
            self.pacer.hold_duty(orders.duty, now_s)
        else:
            self.pacer.hold_rate(orders.rate_hs / self._lanes, now_s)
        if orders.hashing and not self._was_hashing:
            self.pacer.restart(now_s)
        self._was_hashing = orders.hashing
        if orders.supply is not self._supply:
            self._supply, self._unit = orders.supply, None
            rolls = self._supply is not None and self._supply.task.version_mask.bit_count() > 1
            kernel = self._kernels[0 if rolls else 1]
            if kernel is not self.kernel:
                self.kernel, self.full_rate_hs = kernel, self._rates_hs[kernel.name]

    def _batch(self) -> None:
        """Hash for at most a slice and book it."""
        assert self._supply is not None
        unit = self._unit or self._supply.deal(self.kernel.versions, time.monotonic())
        if unit is None:
            with self._orders.changed:
                self._orders.changed.wait(_RETRY_S)
            return
        count = max(self.pacer.batch(self.full_rate_hs) // self.kernel.versions, 1)
        began_s = time.thread_time()
        hashes, found, extra_cpu_s = self.kernel.scan(
            unit.prefixes, unit.task.target, unit.nonce, min(count, NONCES - unit.nonce), self._stop
        )
        ended_s = time.thread_time()
        scan_s = ended_s - began_s + extra_cpu_s
        if scan_s >= _LEARN_S:
            self.full_rate_hs += _RATE_WEIGHT * (hashes / scan_s - self.full_rate_hs)
        self._advance(unit, hashes // self.kernel.versions)
        for version_index, nonce in found:
            self._share(unit, version_index, nonce)
        self._book(hashes, extra_cpu_s)

    def _advance(self, unit: Unit, nonces: int) -> None:
        """Keep the unit while nonces are left in it."""
        unit.nonce += nonces
        self._unit = unit if unit.nonce < NONCES else None

    def _book(self, hashes: int, extra_cpu_s: float) -> None:
        """Count hashes and all the CPU time since the last batch."""
        mark_s = time.thread_time()
        cpu_s = mark_s - self._cpu_mark_s + extra_cpu_s
        self._cpu_mark_s = mark_s
        self.hashes += hashes
        self.cpu_s += cpu_s
        self.pacer.done(time.monotonic(), hashes, cpu_s)

    def _share(self, unit: Unit, version_index: int, nonce: int) -> None:
        """Check a find exactly, in Python, before anyone hears of it."""
        digest = digest_of(header(unit.prefixes[version_index], nonce))
        if digest <= unit.task.target:
            self._on_share(unit, version_index, nonce, digest)
