// What the parts of the recording library share.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include "RecordingOpenCL.h"
#include <CL/cl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Platform {
  const char *name, *vendor;
  // Work-items of a launch must number fewer than 2 to this power.
  int grid_bits;
};

struct Device {
  int platform;
  const char *name;
  cl_ulong memory, largest_buffer, local;
  cl_uint units, clock;
  // Items of a group at most, and of what runs in step.
  size_t group, step;
};

extern const struct Platform platforms[];
extern const struct Device devices[];
extern const int platform_count, device_count;

struct Buffer {
  unsigned char *bytes;
  size_t size;
  int number;
  struct Context *context;
  struct Buffer *next;
};
struct Context {
  const struct Device *device;
  size_t held;
};
struct Queue {
  struct Context *context;
};
struct Program {
  struct Context *context;
  char *file, *text, *options;
};
struct Argument {
  size_t size; // 0: not set
  uint64_t bits;
};
enum { MOST_ARGUMENTS = 64 };
struct Kernel {
  char name[96];
  struct Program *program;
  int count;
  struct Argument arguments[MOST_ARGUMENTS];
};

// ------------------------------------------------------------------------------------------------------------ record

extern FILE *record; // null for none
#define RECORD(...)                                                                                                    \
  do {                                                                                                                 \
    if (record) fprintf(record, __VA_ARGS__);                                                                          \
  } while (0)
void complete(void);
// Whether RECORDING_FAULT asks that the driver break in this way at what has this name.
bool breaks(const char *way, const char *name);

// ----------------------------------------------------------------------------------------------------------- objects

// The buffer at an address; null where none lives there.
struct Buffer *living(const void *pointer);
// Makes a command's event where one is asked for: it is done as soon as it is queued.
cl_int done(cl_event *to);
// The value of a build's option -D NAME=..., or 0.
size_t option(const struct Program *program, const char *name);

#define MAKE(type, ...)                                                                                                \
  ({                                                                                                                   \
    type *made = malloc(sizeof *made);                                                                                 \
    *made = (type){__VA_ARGS__};                                                                                       \
    made;                                                                                                              \
  })
#define STATUS(status)                                                                                                 \
  do {                                                                                                                 \
    if (error) *error = (status);                                                                                      \
  } while (0)

// Answers a question for `count` bytes at `answer`, by OpenCL's rules for sizes.
static inline cl_int tell(const void *answer, size_t count, size_t size, void *value, size_t *actual) {
  if (actual) *actual = count;
  if (!value) return CL_SUCCESS;
  if (size < count) return CL_INVALID_VALUE;
  memcpy(value, answer, count);
  return CL_SUCCESS;
}
#define TEXT(text) return tell(text, strlen(text) + 1, size, value, actual)
#define NUMBER(type, number)                                                                                           \
  do {                                                                                                                 \
    const type number_ = (number);                                                                                     \
    return tell(&number_, sizeof number_, size, value, actual);                                                        \
  } while (0)
