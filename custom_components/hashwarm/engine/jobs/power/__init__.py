"""How watts of AI work are measured and limited in hardware, where that can be done."""

from .choice import choose_limiter
from .limited import LimitedExecutor
from .limiter import DUTY_CYCLE, NO_LIMIT, HardwareLimiter, PowerLimiter
from .nvml import REQUIREMENT as NVML_REQUIREMENT

__all__ = [
    "DUTY_CYCLE",
    "NO_LIMIT",
    "NVML_REQUIREMENT",
    "HardwareLimiter",
    "LimitedExecutor",
    "PowerLimiter",
    "choose_limiter",
]
