#include "recording.h"
#include <math.h>
#include <unistd.h>
#pragma STDC FP_CONTRACT OFF

static cl_ulong now; // nanoseconds of the device's clock

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *error) {
  struct Kernel *kernel = calloc(1, sizeof *kernel);
  snprintf(kernel->name, sizeof kernel->name, "%s", name);
  kernel->program = (struct Program *)program;
  STATUS(CL_SUCCESS);
  return (cl_kernel)kernel;
}
cl_int clReleaseKernel(cl_kernel kernel) {
  free(kernel);
  return CL_SUCCESS;
}
cl_int clSetKernelArg(cl_kernel id, cl_uint i, size_t size, const void *value) {
  struct Kernel *kernel = (struct Kernel *)id;
  if (i >= MOST_ARGUMENTS) return CL_INVALID_ARG_INDEX;
  if (size != 4 && size != 8) return CL_INVALID_ARG_SIZE;
  kernel->arguments[i] = (struct Argument){size, 0};
  memcpy(&kernel->arguments[i].bits, value, size);
  if ((int)i >= kernel->count) kernel->count = (int)i + 1;
  return CL_SUCCESS;
}
cl_int clGetKernelWorkGroupInfo(cl_kernel id, cl_device_id on, cl_kernel_work_group_info what, size_t size, void *value,
                                size_t *actual) {
  const struct Device *device = (struct Device *)on;
  switch (what) {
  case CL_KERNEL_WORK_GROUP_SIZE: NUMBER(size_t, device->group);
  case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE: NUMBER(size_t, device->step);
  default: return CL_INVALID_VALUE;
  }
}

// What a device answers when it is asked how it computes (Kernels/cl/probe.cl), by the host's arithmetic.
static float real(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}
static uint32_t bits(float number) {
  uint32_t found;
  memcpy(&found, &number, sizeof found);
  return found;
}
static float probed(int operation, volatile float a, volatile float b, volatile float c) {
  volatile float product = a * b;
  switch (operation) {
  case 0: return product + c;
  case 1: return c - product;
  case 2: return fmaf(a, b, c);
  case 3: return a / b;
  case 4: return sqrtf(a);
  case 5: return a + b;
  case 6: return product;
  case 7: return a > b;
  case 8: return (float)(int)(a < b ? b : a > c ? c : a);
  case 9: return rintf(a);
  case 10: return floorf(a);
  case 11: return real((uint32_t)(((uint64_t)bits(a) * bits(b)) >> 32));
  case 12: return (float)(bits(a) >> 8);
  case 13: return a + 0.0f;
  case 14: return fmaf(a, b, 0.0f);
  case 15: return 0.0f - a;
  case 16: return -a;
  case 17: return a > 0 ? 1.0f : a < 0 ? -1.0f : a == 0 ? 0.0f : a;
  case 18: return a <= 0 ? 0.0f : a >= 6 ? 6.0f : a;
  case 19: return a * 0.0f;
  case 20: return a > 0 ? a : 0.0f;
  default: return NAN;
  }
}
static void probe(const struct Kernel *kernel) {
  const struct Argument *arguments = kernel->arguments;
  const struct Buffer *x = living((void *)arguments[0].bits), *y = living((void *)arguments[2].bits);
  const float *in = (float *)x->bytes + arguments[1].bits;
  float *out = (float *)y->bytes + arguments[3].bits;
  for (uint64_t i = 0; i < arguments[4].bits; ++i, in += 4) out[i] = probed((int)in[0], in[1], in[2], in[3]);
}

// Why the device would refuse a launch.
static cl_int refusal(const struct Kernel *kernel, const struct Device *device, size_t items, size_t group) {
  for (int i = 0; i < kernel->count; ++i)
    if (!kernel->arguments[i].size) return CL_INVALID_KERNEL_ARGS;
  if (items == 0) return CL_INVALID_GLOBAL_WORK_SIZE;
  if (group == 0 || items % group || group > device->group) return CL_INVALID_WORK_GROUP_SIZE;
  const int grid_bits = platforms[device->platform].grid_bits;
  const bool is_wide = strstr(kernel->program->options, "INDEX=ulong");
  if ((grid_bits < 64 && items >> grid_bits) || (!is_wide && items >> 32)) return CL_INVALID_GLOBAL_WORK_SIZE;
  const size_t down = option(kernel->program, "MDIMC"), across = option(kernel->program, "NDIMC");
  if (!down) return CL_SUCCESS;
  // A tuned tile form (Kernels/cl/tile.h): its group, and its steps of A and B in local memory.
  const size_t m = option(kernel->program, "MWG"), n = option(kernel->program, "NWG"), k = option(kernel->program, "KWG");
  if (group != down * across) return CL_INVALID_WORK_GROUP_SIZE;
  return (1 + option(kernel->program, "DBUF")) * k * (m + 4 + n) * 4 > device->local ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

static void record_launch(const struct Kernel *kernel, size_t groups, size_t group, size_t first) {
  RECORD("launch\t%s\t%zu\t%zu\t%zu\t%s\t", kernel->name, groups, group, first, kernel->program->options);
  for (int i = 0; i < kernel->count; ++i) {
    const struct Argument argument = kernel->arguments[i];
    const struct Buffer *buffer = argument.size == 8 ? living((void *)argument.bits) : 0;
    RECORD("%s", i ? "," : "");
    if (buffer) {
      RECORD("m%d", buffer->number);
    } else {
      RECORD("%llu", (unsigned long long)argument.bits);
    }
  }
  RECORD("\n");
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel id, cl_uint dimensions, const size_t *offset,
                              const size_t *items, const size_t *group, cl_uint count, const cl_event *waits,
                              cl_event *event) {
  struct Kernel *kernel = (struct Kernel *)id;
  const struct Device *device = ((struct Queue *)queue)->context->device;
  const cl_int status = refusal(kernel, device, items[0], group[0]);
  if (status != CL_SUCCESS) return status;
  if (breaks("refuse", kernel->name)) return CL_OUT_OF_RESOURCES;
  if (breaks("hang", kernel->name)) pause();
  if (breaks("crash", kernel->name)) abort();
  if (strcmp(kernel->name, "probe") == 0) probe(kernel);
  record_launch(kernel, items[0] / group[0], group[0], offset ? offset[0] : 0);
  return done(event);
}

cl_int clFlush(cl_command_queue queue) {
  RECORD("flush\n");
  return CL_SUCCESS;
}
cl_int clFinish(cl_command_queue queue) {
  RECORD("finish\n");
  complete();
  return CL_SUCCESS;
}
cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info what, size_t size, void *value, size_t *actual) {
  NUMBER(cl_ulong, now += 1000);
}
cl_int clReleaseEvent(cl_event event) { return CL_SUCCESS; }
