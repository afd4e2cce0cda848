// The texts of this folder, embedded for the OpenCL driver: the headers in the order in which they go before a .cl file.
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
static const char patterns_h[] = {
#embed "patterns.h"
    , 0};
static const char turn_h[] = {
#embed "turn.h"
    , 0};
static const char product_h[] = {
#embed "product.h"
    , 0};
static const char tile_h[] = {
#embed "tile.h"
    , 0};
static const char windows_h[] = {
#embed "windows.h"
    , 0};
static const char winograd_h[] = {
#embed "winograd.h"
    , 0};
static const char elementary_cl[] = {
#embed "elementary.cl"
    , 0};
static const char pointwise_cl[] = {
#embed "pointwise.cl"
    , 0};
static const char activation_cl[] = {
#embed "activation.cl"
    , 0};
static const char loss_cl[] = {
#embed "loss.cl"
    , 0};
static const char divergence_cl[] = {
#embed "divergence.cl"
    , 0};
static const char layout_cl[] = {
#embed "layout.cl"
    , 0};
static const char reduction_cl[] = {
#embed "reduction.cl"
    , 0};
static const char normalization_cl[] = {
#embed "normalization.cl"
    , 0};
static const char panels_cl[] = {
#embed "panels.cl"
    , 0};
static const char matmul_cl[] = {
#embed "matmul.cl"
    , 0};
static const char convolution_cl[] = {
#embed "convolution.cl"
    , 0};
static const char columns_cl[] = {
#embed "columns.cl"
    , 0};
static const char winograd_cl[] = {
#embed "winograd.cl"
    , 0};
static const char winograd3_cl[] = {
#embed "winograd3.cl"
    , 0};
static const char gather_cl[] = {
#embed "gather.cl"
    , 0};
static const char resampling_cl[] = {
#embed "resampling.cl"
    , 0};
static const char pooling_cl[] = {
#embed "pooling.cl"
    , 0};
static const char depthwise_cl[] = {
#embed "depthwise.cl"
    , 0};
static const char random_cl[] = {
#embed "random.cl"
    , 0};
static const char optimizer_cl[] = {
#embed "optimizer.cl"
    , 0};
static const char image_cl[] = {
#embed "image.cl"
    , 0};
static const char probe_cl[] = {
#embed "probe.cl"
    , 0};
static const char roofline_cl[] = {
#embed "roofline.cl"
    , 0};

static const KernelSource sources[] = {
    {"dialect.h", dialect_h},
    {"elementary.h", elementary_h},
    {"elementary_periodic.h", elementary_periodic_h},
    {"elementary_power.h", elementary_power_h},
    {"patterns.h", patterns_h},
    {"turn.h", turn_h},
    {"product.h", product_h},
    {"tile.h", tile_h},
    {"windows.h", windows_h},
    {"winograd.h", winograd_h},
    {"elementary.cl", elementary_cl},
    {"pointwise.cl", pointwise_cl},
    {"activation.cl", activation_cl},
    {"loss.cl", loss_cl},
    {"divergence.cl", divergence_cl},
    {"layout.cl", layout_cl},
    {"reduction.cl", reduction_cl},
    {"normalization.cl", normalization_cl},
    {"panels.cl", panels_cl},
    {"matmul.cl", matmul_cl},
    {"convolution.cl", convolution_cl},
    {"columns.cl", columns_cl},
    {"winograd.cl", winograd_cl},
    {"winograd3.cl", winograd3_cl},
    {"gather.cl", gather_cl},
    {"resampling.cl", resampling_cl},
    {"pooling.cl", pooling_cl},
    {"depthwise.cl", depthwise_cl},
    {"random.cl", random_cl},
    {"optimizer.cl", optimizer_cl},
    {"image.cl", image_cl},
    {"probe.cl", probe_cl},
    {"roofline.cl", roofline_cl},
};

const KernelSource *kernel_sources(size_t *count) {
  *count = sizeof sources / sizeof *sources;
  return sources;
}
