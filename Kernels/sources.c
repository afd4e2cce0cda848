// The texts of the folder cl, embedded for the OpenCL driver.
#include "include/kernels.h"

static const KernelSource sources[] = {
#define EACH "embed.h"
#include "cl/files.h"
};

const KernelSource *kernel_sources(size_t *count) {
  *count = sizeof sources / sizeof *sources;
  return sources;
}
