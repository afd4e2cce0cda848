// The OpenCL 1.2 functions that the package calls, found at run time, so that a machine without OpenCL still starts.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS // clCreateCommandQueue: its successor is not in 1.2
#include <CL/cl.h>
#include <stddef.h>

#define OPENCL_FUNCTIONS(_)                                                                                           \
  _(clGetPlatformIDs) _(clGetPlatformInfo) _(clGetDeviceIDs) _(clGetDeviceInfo)                                       \
  _(clCreateContext) _(clReleaseContext) _(clCreateCommandQueue) _(clReleaseCommandQueue)                             \
  _(clCreateBuffer) _(clReleaseMemObject) _(clEnqueueReadBuffer) _(clEnqueueWriteBuffer)                              \
  _(clCreateProgramWithSource) _(clCreateProgramWithBinary) _(clBuildProgram) _(clReleaseProgram)                     \
  _(clGetProgramInfo) _(clGetProgramBuildInfo) _(clCreateKernel) _(clReleaseKernel) _(clSetKernelArg)                 \
  _(clGetKernelWorkGroupInfo) _(clEnqueueNDRangeKernel) _(clFlush) _(clFinish)               \
  _(clGetEventProfilingInfo) _(clReleaseEvent)

/// The functions of one loader, or of a library that stands in for one.
typedef struct {
#define MEMBER(name) __typeof__(name) *_Nonnull name;
  OPENCL_FUNCTIONS(MEMBER)
#undef MEMBER
} OpenCLFunctions;

/// The functions of a library that is loaded already, which is how Oclgrind and tracers come in; else of `library`,
/// else of libOpenCL.so.1. They stay loaded as long as the process lives. Null, and the reason in `reason`, where there
/// is no such library.
const OpenCLFunctions *_Nullable opencl_load(const char *_Nullable library, char *_Nonnull reason, size_t reason_size);

/// A folder of vendor files for the loader that adds `driver` to those of `folder`; null where none is needed: the
/// folder names the driver already, the driver is not there, or the environment names other vendors. NVIDIA's
/// containers often carry the driver without its vendor file (NVIDIA/nvidia-container-toolkit, pull request 1893).
const char *_Nullable opencl_vendor_folder(const char *_Nonnull folder, const char *_Nonnull driver);
