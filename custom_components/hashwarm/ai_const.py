"""Names that the face shares about AI executors and job templates."""

from enum import StrEnum
from typing import Final

SUBENTRY_EXECUTOR: Final = "executor"
SUBENTRY_TEMPLATE: Final = "template"


class ExecutorKind(StrEnum):
    """What runs AI work; the first two take jobs from us, the others have work of their own."""

    LOCAL = "local"
    RAY = "ray"
    BOINC = "boinc"
    FOLDING = "folding"
    VAST = "vast"
    OLLAMA = "ollama"
    LLAMA_CPP = "llama_cpp"
    VLLM = "vllm"
    COMFYUI = "comfyui"
    SENSOR = "sensor"

    @property
    def takes_jobs(self) -> bool:
        """Whether jobs of our queue run there."""
        return self in {ExecutorKind.LOCAL, ExecutorKind.RAY}

    @property
    def tells_earnings(self) -> bool:
        """Whether others count what it earns, and it can be asked."""
        return self in {ExecutorKind.VAST, ExecutorKind.SENSOR}


class PowerControl(StrEnum):
    """What may limit the watts of jobs on this machine."""

    AUTO = "auto"
    """What the hardware offers for it, duty cycle where it offers nothing; never RAPL."""
    DUTY_CYCLE = "duty_cycle"
    """Nothing but stopping and going on in turns."""
    RAPL = "rapl"
    """As auto, and the processor's own limit too, which Home Assistant itself feels."""


class ParameterType(StrEnum):
    """What a template's parameter takes."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"


CONF_EXECUTOR_KIND: Final = "kind"

# An executor of any kind.
CONF_EXPECTED_POWER: Final = "expected_power"
CONF_HEATS_ROOM: Final = "heats_room"
CONF_METERED_TOGETHER: Final = "metered_together"
CONF_POWER_SENSOR: Final = "power_sensor"
CONF_SAME_CHIP: Final = "same_chip"

# Of kind local.
CONF_AS_NOBODY: Final = "as_nobody"
CONF_GPU_INDEX: Final = "gpu_index"
CONF_MEMORY_LIMIT: Final = "memory_limit"
CONF_POWER_CONTROL: Final = "power_control"
CONF_RAW_COMMANDS: Final = "raw_commands"
CONF_SLOTS: Final = "slots"

# Of Ray and of machines; host, port, password and URL have Home Assistant's own names.
CONF_BUSY_SENSOR: Final = "busy_sensor"
CONF_CHECKPOINT_ROOT: Final = "checkpoint_root"
CONF_MACHINE_ID: Final = "machine_id"
CONF_REVENUE_BEFORE: Final = "revenue_before"
"""What the sensor had told before it was added; that is not ours."""
CONF_REVENUE_RESET: Final = "revenue_reset"
CONF_REVENUE_SENSOR: Final = "revenue_sensor"

# Of a template.
CONF_ATTEMPTS: Final = "attempts"
CONF_CHECKPOINTING: Final = "checkpointing"
CONF_CHECKPOINT_INTERVAL: Final = "checkpoint_interval"
CONF_COMMAND: Final = "command"
CONF_CPUS: Final = "cpus"
CONF_ENVIRONMENT: Final = "environment"
CONF_EXECUTOR: Final = "executor"
CONF_FLEXIBILITY: Final = "flexibility"
CONF_GPUS: Final = "gpus"
CONF_GRACE: Final = "grace"
CONF_MAXIMUM_RUNTIME: Final = "maximum_runtime"
CONF_MEMORY: Final = "memory"
CONF_OPTION_VALUES: Final = "option_values"
CONF_PARAMETERS: Final = "parameters"
CONF_PAYOUT: Final = "payout"
CONF_PAYOUT_CURRENCY: Final = "payout_currency"
CONF_PAYOUT_PER: Final = "payout_per"
CONF_PRIORITY: Final = "priority"
CONF_RESTARTABLE: Final = "restartable"
SECTION_DUTY: Final = "duty"
SECTION_NEEDS: Final = "needs"
