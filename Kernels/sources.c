// The texts of this folder, embedded for the OpenCL driver.
#include "include/kernels.h"

static const char dialect_h[] = {
#embed "dialect.h"
    , 0};
static const char elementary_h[] = {
#embed "elementary.h"
    , 0};
static const char elementary_periodic_h[] = {
#embed "elementary_periodic.h"
    , 0};
static const char elementary_power_h[] = {
#embed "elementary_power.h"
    , 0};
static const char elementary_cl[] = {
#embed "elementary.cl"
    , 0};
static const char pointwise_cl[] = {
#embed "pointwise.cl"
    , 0};

#define SOURCE(file, text) {file, text}
static const KernelSource sources[] = {
    SOURCE("dialect.h", dialect_h),
    SOURCE("elementary.h", elementary_h),
    SOURCE("elementary_periodic.h", elementary_periodic_h),
    SOURCE("elementary_power.h", elementary_power_h),
    SOURCE("elementary.cl", elementary_cl),
    SOURCE("pointwise.cl", pointwise_cl),
};

const KernelSource *kernel_sources(size_t *count) {
  *count = sizeof sources / sizeof *sources;
  return sources;
}
