"""Hardware that is not here: a library that behaves as NVML is documented to, and trees of files as the kernel has."""

import asyncio
from pathlib import Path
import threading

import pytest

from custom_components.hashwarm.engine.jobs.power import choose_limiter

SOON_S = 20


class NVMLError(Exception):
    """As that of nvidia-ml-py: the code is in `value`, the text is of its own."""

    def __init__(self, value):
        super().__init__(value)
        self.value = value

    def __str__(self):
        return {3: "Not Supported", 4: "Insufficient Permissions", 9: "Driver Not Loaded"}.get(self.value, "Error")


class FakeNvml:
    """One or more GPUs; limits in mW. `errors` names what fails, and with which code."""

    NVMLError = NVMLError
    NVML_ERROR_INVALID_ARGUMENT = 2
    NVML_ERROR_NOT_SUPPORTED = 3
    NVML_ERROR_NO_PERMISSION = 4
    NVML_ERROR_DRIVER_NOT_LOADED = 9
    NVML_ERROR_GPU_IS_LOST = 15

    def __init__(self, gpus=1):
        self.limits = [350_000] * gpus
        self.power = 123_456
        self.errors = {}
        self.opened = 0
        self.written = []
        self.threads = set()
        self.hangs = None
        """A call of this name waits for `go_on`."""
        self.go_on = threading.Event()
        self.ignores = False

    def _fail(self, name):
        self.threads.add(threading.current_thread())
        if self.hangs == name:
            self.go_on.wait(SOON_S)
        error = self.errors.get(name)
        if isinstance(error, Exception):
            raise error
        if error is not None:
            raise NVMLError(error)

    def nvmlInit(self):  # noqa: N802 - the library's own name
        self._fail("nvmlInit")
        self.opened += 1

    def nvmlShutdown(self):  # noqa: N802
        self.opened -= 1
        self._fail("nvmlShutdown")

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        self._fail("nvmlDeviceGetHandleByIndex")
        if index >= len(self.limits):
            raise NVMLError(self.NVML_ERROR_INVALID_ARGUMENT)
        return index

    def nvmlDeviceGetUUID(self, gpu):  # noqa: N802
        self._fail("nvmlDeviceGetUUID")
        return f"GPU-7f/{gpu}"

    def nvmlDeviceGetPowerManagementLimit(self, gpu):  # noqa: N802
        self._fail("nvmlDeviceGetPowerManagementLimit")
        return self.limits[gpu]

    def nvmlDeviceGetPowerManagementDefaultLimit(self, _gpu):  # noqa: N802
        return 350_000

    def nvmlDeviceGetPowerManagementLimitConstraints(self, _gpu):  # noqa: N802
        self._fail("nvmlDeviceGetPowerManagementLimitConstraints")
        return [100_000, 400_000]

    def nvmlDeviceSetPowerManagementLimit(self, gpu, limit):  # noqa: N802
        self._fail("nvmlDeviceSetPowerManagementLimit")
        if not 100_000 <= limit <= 400_000:
            raise NVMLError(self.NVML_ERROR_INVALID_ARGUMENT)
        self.written.append(limit)
        if not self.ignores:
            self.limits[gpu] = limit

    def nvmlDeviceGetPowerUsage(self, _gpu):  # noqa: N802
        self._fail("nvmlDeviceGetPowerUsage")
        return self.power


def fill(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name).write_text(f"{value}\n")
    return folder


@pytest.fixture
def nvml():
    library = FakeNvml()
    yield library
    library.go_on.set()


@pytest.fixture
def no_nvml():
    def load():
        raise ImportError

    return load


@pytest.fixture
def sysfs(tmp_path):
    return tmp_path / "sys"


@pytest.fixture
def add_gpu(sysfs):
    """A card in a made-up tree, with a link from the card to its device as the kernel has it."""

    def add(card, place, *, name="amdgpu", **files):
        device = sysfs / "devices" / place
        hwmon = fill(device / "hwmon" / f"hwmon{card + 2}", name=name, **files)
        folder = sysfs / "class" / "drm" / f"card{card}"
        folder.mkdir(parents=True)
        (folder / "device").symlink_to(device)
        (sysfs / "class" / "drm" / f"card{card}-DP-1").mkdir()
        return hwmon

    return add


@pytest.fixture
def add_package(sysfs):
    def add(number, **files):
        told = {"name": f"package-{number}", "enabled": 1, "constraint_0_name": "long_term"}
        told |= {"constraint_0_power_limit_uw": 65_000_000, "constraint_0_max_power_uw": 65_000_000}
        return fill(sysfs / "class" / "powercap" / f"intel-rapl:{number}", **(told | files))

    return add


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def make(tmp_path, clock, no_nvml, sysfs):
    made = []

    def build(**more):
        more = {"folder": tmp_path / "kept", "clock": clock, "load": no_nvml, "sysfs": sysfs, "poll_s": 0.01, **more}
        made.append(choose_limiter(**more))
        return made[-1]

    yield build
    for limiter in made:
        await limiter.stop()


@pytest.fixture
def kept(tmp_path):
    def files():
        return [path.name for path in Path(tmp_path / "kept").glob("*")]

    return files


@pytest.fixture
def until():
    async def wait(wanted):
        async with asyncio.timeout(SOON_S):
            while not wanted():
                await asyncio.sleep(0.005)

    return wait
