"""Keeps one NVIDIA GPU busy with arithmetic until it is ended: the driver is all it takes, no CUDA and no library.

The driver compiles the few lines of its own assembly language below. Runs on Python 3.12 and newer, for machines with
a GPU seldom have ours.
"""

import ctypes
import sys

BLOCKS, THREADS, TURNS = 2048, 256, 100_000
KERNEL = b"""
.version 6.0
.target sm_52
.address_size 64
.visible .entry burn(.param .u64 sink, .param .u32 turns)
{
  .reg .pred %more;
  .reg .b32 %turn, %most, %thread;
  .reg .f32 %a, %b, %c, %d, %near_one, %small;
  .reg .b64 %to;
  ld.param.u32 %most, [turns];
  ld.param.u64 %to, [sink];
  cvta.to.global.u64 %to, %to;
  mov.u32 %thread, %tid.x;
  cvt.rn.f32.u32 %a, %thread;
  mov.f32 %b, %a;
  mov.f32 %c, %a;
  mov.f32 %d, %a;
  mov.f32 %near_one, 0f3F7FFFFE;
  mov.f32 %small, 0f3A83126F;
  mov.u32 %turn, 0;
AGAIN:
  fma.rn.f32 %a, %a, %near_one, %small;
  fma.rn.f32 %b, %b, %near_one, %small;
  fma.rn.f32 %c, %c, %near_one, %small;
  fma.rn.f32 %d, %d, %near_one, %small;
  add.u32 %turn, %turn, 1;
  setp.lt.u32 %more, %turn, %most;
  @%more bra AGAIN;
  add.f32 %a, %a, %b;
  add.f32 %a, %a, %c;
  add.f32 %a, %a, %d;
  st.global.f32 [%to], %a;
  ret;
}
\0"""


class Driver:
    """The few calls of the driver that are needed; each returns 0 or an error."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libcuda.so.1")

    def call(self, function: str, *values: object) -> None:
        """Call it; end with what went wrong."""
        error = getattr(self._library, function)(*values)
        if error:
            sys.exit(f"{function}: error {error}")


def burn(index: int) -> None:
    """Run the kernel over and over; prints a line once it has run for the first time."""
    driver = Driver()
    device, context, module, kernel = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    sink, turns = ctypes.c_uint64(), ctypes.c_uint32(TURNS)
    driver.call("cuInit", 0)
    driver.call("cuDeviceGet", ctypes.byref(device), index)
    driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    driver.call("cuCtxSetCurrent", context)
    driver.call("cuModuleLoadData", ctypes.byref(module), KERNEL)
    driver.call("cuModuleGetFunction", ctypes.byref(kernel), module, b"burn")
    driver.call("cuMemAlloc_v2", ctypes.byref(sink), ctypes.c_size_t(4))
    values = (ctypes.c_void_p * 2)(ctypes.addressof(sink), ctypes.addressof(turns))
    told = False
    while True:
        driver.call("cuLaunchKernel", kernel, BLOCKS, 1, 1, THREADS, 1, 1, 0, None, values, None)
        driver.call("cuCtxSynchronize")
        if not told:
            print("burning", flush=True)
            told = True


if __name__ == "__main__":
    burn(int(sys.argv[1]))
