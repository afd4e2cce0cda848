#include "recording.h"

FILE *record;
static struct Buffer *buffers; // all that live
static int buffer_count;
static int event; // all events are one

// ------------------------------------------------------------------------------------------------------------ record

void recording_open(const char *path) {
  if (record) fclose(record);
  record = path && *path ? fopen(path, "a") : 0;
  if (record) setvbuf(record, 0, _IOFBF, 1 << 20);
}

__attribute__((constructor)) static void open_named(void) { recording_open(getenv("RECORDING")); }

void complete(void) {
  if (record) fflush(record);
}

bool breaks(const char *way, const char *name) {
  const char *fault = getenv("RECORDING_FAULT");
  const size_t length = strlen(way);
  return fault && strncmp(fault, way, length) == 0 && fault[length] == ':' && strstr(name, fault + length + 1);
}

// ----------------------------------------------------------------------------------------------------- what is told

cl_int clGetPlatformIDs(cl_uint room, cl_platform_id *found, cl_uint *count) {
  if (count) *count = platform_count;
  for (int i = 0; found && i < platform_count && i < (int)room; ++i) found[i] = (cl_platform_id)(platforms + i);
  return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t size, void *value, size_t *actual) {
  switch (what) {
  case CL_PLATFORM_NAME: TEXT(((struct Platform *)platform)->name);
  case CL_PLATFORM_VERSION: TEXT("OpenCL 3.0 recording");
  default: return CL_INVALID_VALUE;
  }
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type types, cl_uint room, cl_device_id *found, cl_uint *count) {
  cl_uint all = 0;
  for (int i = 0; i < device_count; ++i) {
    if (platforms + devices[i].platform != (const struct Platform *)platform || !(types & CL_DEVICE_TYPE_GPU)) continue;
    if (found && all < room) found[all] = (cl_device_id)(devices + i);
    ++all;
  }
  if (count) *count = all;
  return all ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t size, void *value, size_t *actual) {
  const struct Device *device = (struct Device *)id;
  switch (what) {
  case CL_DEVICE_NAME: TEXT(device->name);
  case CL_DEVICE_VENDOR: TEXT(platforms[device->platform].vendor);
  case CL_DRIVER_VERSION: TEXT("recording");
  case CL_DEVICE_VERSION: TEXT("OpenCL 3.0 recording");
  case CL_DEVICE_TYPE: NUMBER(cl_device_type, CL_DEVICE_TYPE_GPU);
  case CL_DEVICE_GLOBAL_MEM_SIZE: NUMBER(cl_ulong, device->memory);
  case CL_DEVICE_MAX_MEM_ALLOC_SIZE: NUMBER(cl_ulong, device->largest_buffer);
  case CL_DEVICE_MAX_COMPUTE_UNITS: NUMBER(cl_uint, device->units);
  case CL_DEVICE_MAX_CLOCK_FREQUENCY: NUMBER(cl_uint, device->clock);
  case CL_DEVICE_LOCAL_MEM_SIZE: NUMBER(cl_ulong, device->local);
  case CL_DEVICE_MAX_WORK_GROUP_SIZE: NUMBER(size_t, device->group);
  case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT: NUMBER(cl_uint, 1);
  case CL_DEVICE_SINGLE_FP_CONFIG:
    NUMBER(cl_device_fp_config, CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT | CL_FP_DENORM | CL_FP_FMA | CL_FP_INF_NAN |
                                    CL_FP_ROUND_TO_NEAREST);
  default: return CL_INVALID_VALUE;
  }
}

// ------------------------------------------------------------------------------------------------------------ memory

cl_context clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *ids,
                           void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user,
                           cl_int *error) {
  STATUS(CL_SUCCESS);
  return (cl_context)MAKE(struct Context, (const struct Device *)ids[0], 0);
}
// (Not freed: buffers outlive it in whatever order a program ends.)
cl_int clReleaseContext(cl_context context) { return CL_SUCCESS; }

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id id, cl_command_queue_properties properties,
                                      cl_int *error) {
  STATUS(CL_SUCCESS);
  return (cl_command_queue)MAKE(struct Queue, (struct Context *)context);
}
cl_int clReleaseCommandQueue(cl_command_queue queue) {
  free(queue);
  return CL_SUCCESS;
}

cl_mem clCreateBuffer(cl_context id, cl_mem_flags flags, size_t size, void *host, cl_int *error) {
  struct Context *context = (struct Context *)id;
  if (size == 0 || size > context->device->largest_buffer) {
    STATUS(CL_INVALID_BUFFER_SIZE);
    return 0;
  }
  unsigned char *bytes = context->held + size <= context->device->memory ? calloc(1, size) : 0;
  if (!bytes) {
    STATUS(CL_MEM_OBJECT_ALLOCATION_FAILURE);
    return 0;
  }
  context->held += size;
  buffers = MAKE(struct Buffer, bytes, size, ++buffer_count, context, buffers);
  RECORD("allocate\t%zu\n", size);
  STATUS(CL_SUCCESS);
  return (cl_mem)buffers;
}

struct Buffer *living(const void *pointer) {
  for (struct Buffer *buffer = buffers; buffer; buffer = buffer->next)
    if (buffer == pointer) return buffer;
  return 0;
}

cl_int clReleaseMemObject(cl_mem memory) {
  for (struct Buffer **at = &buffers; *at; at = &(*at)->next) {
    struct Buffer *buffer = *at;
    if (buffer != (struct Buffer *)memory) continue;
    *at = buffer->next;
    buffer->context->held -= buffer->size;
    free(buffer->bytes);
    free(buffer);
    return CL_SUCCESS;
  }
  return CL_INVALID_MEM_OBJECT;
}

cl_int done(cl_event *to) {
  if (to) *to = (cl_event)&event;
  return CL_SUCCESS;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size, void *to,
                           cl_uint count, const cl_event *waits, cl_event *event) {
  const struct Buffer *buffer = living(memory);
  if (!buffer || size == 0 || offset + size > buffer->size) return buffer ? CL_INVALID_VALUE : CL_INVALID_MEM_OBJECT;
  memcpy(to, buffer->bytes + offset, size);
  RECORD("read\t%zu\n", size);
  complete();
  return done(event);
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size,
                            const void *from, cl_uint count, const cl_event *waits, cl_event *event) {
  const struct Buffer *buffer = living(memory);
  if (!buffer || size == 0 || offset + size > buffer->size) return buffer ? CL_INVALID_VALUE : CL_INVALID_MEM_OBJECT;
  memcpy(buffer->bytes + offset, from, size);
  RECORD("write\t%zu\n", size);
  return done(event);
}

// ---------------------------------------------------------------------------------------------------------- programs

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                     cl_int *error) {
  // The last #line names the file that gives the program its kernels.
  const char *name = 0, *mark = "#line 1 \"";
  for (const char *at = texts[0]; (at = strstr(at, mark));) name = at += strlen(mark);
  STATUS(CL_SUCCESS);
  return (cl_program)MAKE(struct Program, (struct Context *)context,
                          name ? strndup(name, strcspn(name, "\"")) : strdup("?"), getenv("RECORDING_TEXTS") ? strdup(texts[0]) : 0, 0);
}
cl_program clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *ids, const size_t *sizes,
                                     const unsigned char **binaries, cl_int *statuses, cl_int *error) {
  STATUS(CL_INVALID_BINARY);
  return 0;
}

static void keep_text(const struct Program *program) {
  const char *folder = getenv("RECORDING_TEXTS");
  static int number;
  char path[4096];
  if (!folder || !program->text) return;
  snprintf(path, sizeof path, "%s/%03d.cl", folder, number++);
  FILE *file = fopen(path, "w");
  if (!file) return;
  fprintf(file, "// %s\n%s", program->options, program->text);
  fclose(file);
}

cl_int clBuildProgram(cl_program id, cl_uint count, const cl_device_id *ids, const char *options,
                      void(CL_CALLBACK *notify)(cl_program, void *), void *user) {
  struct Program *program = (struct Program *)id;
  program->options = strdup(options ? options : "");
  RECORD("build\t%s\t%s\n", program->file, program->options);
  keep_text(program);
  return breaks("build", program->file) ? CL_BUILD_PROGRAM_FAILURE : CL_SUCCESS;
}
cl_int clReleaseProgram(cl_program program) { return CL_SUCCESS; } // its kernels hold it
cl_int clGetProgramInfo(cl_program program, cl_program_info what, size_t size, void *value, size_t *actual) {
  return CL_INVALID_VALUE; // it has no binary
}
cl_int clGetProgramBuildInfo(cl_program program, cl_device_id id, cl_program_build_info what, size_t size, void *value,
                             size_t *actual) {
  TEXT("");
}

size_t option(const struct Program *program, const char *name) {
  char mark[64];
  snprintf(mark, sizeof mark, "-D %s=", name);
  const char *at = strstr(program->options, mark);
  return at ? strtoul(at + strlen(mark), 0, 10) : 0;
}
