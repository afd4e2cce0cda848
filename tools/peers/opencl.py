"""As much of OpenCL's C interface as a library that computes on its buffers needs."""

import ctypes
from ctypes import byref, c_char, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

import numpy as np

CL_PLATFORM_NAME, CL_DEVICE_NAME, CL_DRIVER_VERSION = 0x0902, 0x102B, 0x102D
CL_DEVICE_TYPE_ALL = 0xFFFFFFFF
CL_MEM_READ_WRITE, CL_MEM_COPY_HOST_PTR = 1, 32


def check(call: str, status: int) -> None:
    if status != 0:
        raise SystemExit(f"{call} returned {status}")


class Device:
    """An OpenCL device with a context and an in-order queue."""

    def __init__(self, part: str) -> None:
        """The first device whose name or platform's name contains a text, in any case."""
        try:
            self.library = ctypes.CDLL("libOpenCL.so.1")
        except OSError as error:
            raise SystemExit(f"{error}: install it with tools/peers/setup") from None
        for name in ("clCreateContext", "clCreateCommandQueue", "clCreateBuffer"):
            getattr(self.library, name).restype = c_void_p
        names = []
        for platform in self._list("clGetPlatformIDs"):
            maker = self._text("clGetPlatformInfo", platform, CL_PLATFORM_NAME)
            for device in self._list("clGetDeviceIDs", c_void_p(platform), c_uint64(CL_DEVICE_TYPE_ALL)):
                names.append(f"{self._text('clGetDeviceInfo', device, CL_DEVICE_NAME)} ({maker})")
                if part.lower() in names[-1].lower() or part.lower() in ALIASES.get(maker, ()):
                    self._open(device)
                    self.name = f"{names[-1]}, driver {self._text('clGetDeviceInfo', device, CL_DRIVER_VERSION)}"
                    return
        raise SystemExit(f"no OpenCL device is called '{part}'; there are: {', '.join(names) or 'none'}")

    def buffer(self, array: np.ndarray) -> c_void_p:
        """A copy of an array on the device."""
        status = c_int32()
        memory = self.library.clCreateBuffer(self.context, c_uint64(CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR),
                                             c_size_t(array.nbytes), c_void_p(array.ctypes.data), byref(status))
        check("clCreateBuffer", status.value)
        return c_void_p(memory)

    def read(self, buffer: c_void_p, like: np.ndarray) -> np.ndarray:
        """What a buffer holds, when all that was queued is done."""
        array, wait = np.empty_like(like), 1
        check("clEnqueueReadBuffer", self.library.clEnqueueReadBuffer(
            self.queue, buffer, c_uint32(wait), c_size_t(0), c_size_t(array.nbytes), c_void_p(array.ctypes.data),
            0, None, None))
        return array

    def finish(self) -> None:
        """Waits for all that was queued."""
        check("clFinish", self.library.clFinish(self.queue))

    def _open(self, device: int) -> None:
        status = c_int32()
        self.context = c_void_p(self.library.clCreateContext(None, 1, byref(c_void_p(device)), None, None,
                                                             byref(status)))
        check("clCreateContext", status.value)
        self.queue = c_void_p(self.library.clCreateCommandQueue(self.context, c_void_p(device), c_uint64(0),
                                                                byref(status)))
        check("clCreateCommandQueue", status.value)

    def _list(self, function: str, *arguments: c_void_p | c_uint64) -> list[int]:
        """Handles; none where the call finds none."""
        count = c_uint32()
        if getattr(self.library, function)(*arguments, 0, None, byref(count)) != 0:
            return []
        handles = (c_void_p * count.value)()
        check(function, getattr(self.library, function)(*arguments, count, handles, None))
        return list(handles)

    def _text(self, function: str, of: int, what: int) -> str:
        text = (c_char * 1024)()
        check(function, getattr(self.library, function)(c_void_p(of), c_uint32(what), c_size_t(1024), text, None))
        return text.value.decode()


# What people call a platform.
ALIASES = {"Portable Computing Language": ("pocl",)}
