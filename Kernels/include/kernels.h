// What the host sees of the kernels: a table of entry points, and the texts they come from.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One argument of a launch, in the order of the kernel's signature.
typedef union {
  void *pointer;
  double number;
  uint64_t integer;
} KernelArgument;

/// Elements of a GPU's work-item where each is computed alone. OpenCL builds are told of it.
#define ABREAST 4

/// One build of one form of a kernel.
typedef struct {
  const char *name;
  const char *form;      // "item": an item is an element; "block": an item owns a block; "tile": a work-group owns a tile (OpenCL only)
  const char *isa;       // "avx512", "avx2", "baseline"
  const char *precision; // "float", "double"
  const char *file;      // the .cl file that holds it
  const char *signature; // "IN x;OUT y;REAL slope;"
  uint32_t rows, columns, group;
  void (*run)(const KernelArgument *, uint64_t begin, uint64_t end); // null for a tile form
} KernelEntry;

/// A text of the folder Kernels/cl.
typedef struct {
  const char *name, *text;
} KernelSource;

/// Every entry of every build in this binary.
const KernelEntry *kernel_entries(size_t *count);
/// The .cl files and the headers that they need.
const KernelSource *kernel_sources(size_t *count);
/// The best build that this processor runs: "avx512", "avx2" or "baseline".
const char *kernel_native_isa(void);
/// Sets this thread's floating-point mode to the contract's (round to nearest even, denormals kept); returns the mode before.
uint32_t kernel_enter_floating_point_mode(void);
/// Puts a mode back that `kernel_enter_floating_point_mode` returned.
void kernel_leave_floating_point_mode(uint32_t mode);
