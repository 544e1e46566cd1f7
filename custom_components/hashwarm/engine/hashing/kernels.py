"""Chooses the kernel: loaded, proven against hashlib and timed in the child process only."""

from ..model.errors import KernelError
from . import native_kernel
from .hashlib_kernel import HashlibKernel
from .native_kernel import NativeKernel
from .proving import Kernel, proven, rate_hs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Choice:
    """The fastest kernel for work that rolls versions, the fastest for work that does not, and what is amiss."""

    __slots__ = ("plain", "problem", "rates_hs", "rolling")

    def __init__(self, rolling: Kernel, plain: Kernel, rates_hs: dict[str, float], problem: str | None) -> None:
        self.rolling = rolling
        self.plain = plain
        self.rates_hs = rates_hs
        self.problem = problem


def choose(masked: Sequence[str], announce: Callable[[str], None], folder: str = native_kernel.NATIVE) -> Choice:
    """Prove and time every kernel that this CPU can run and that is not masked; `announce` hears of each beforehand."""
    try:
        library = native_kernel.open_library(folder)
    except KernelError as error:
        return _fall_back(str(error), announce)
    timed, problem = _time_all(native_kernel.usable_kernels(library, masked), announce)
    if not timed:
        return _fall_back(problem or "kernel_masked", announce)
    rates_hs = {kernel.name: speed_hs for kernel, speed_hs in timed}
    best = max(timed, key=lambda pair: pair[1])[0]
    plain = [pair for pair in timed if pair[0].versions == 1]
    if not plain:
        return _fall_back("kernel_wrong", announce)
    return Choice(best, max(plain, key=lambda pair: pair[1])[0], rates_hs, problem)


def _time_all(
    kernels: list[NativeKernel], announce: Callable[[str], None]
) -> tuple[list[tuple[NativeKernel, float]], str | None]:
    """Prove and time kernels; return those that are right with their H/s, and the word for those that are not."""
    timed: list[tuple[NativeKernel, float]] = []
    problem = None
    for kernel in kernels:
        announce(kernel.name)
        if proven(kernel):
            timed.append((kernel, rate_hs(kernel)))
        else:
            problem = "kernel_wrong"
    return timed, problem


def _fall_back(problem: str, announce: Callable[[str], None]) -> Choice:
    """Take hashlib, and say why."""
    announce(HashlibKernel.name)
    kernel = HashlibKernel()
    return Choice(kernel, kernel, {kernel.name: rate_hs(kernel)}, problem)
