// Every text of this folder, named once: the headers in the order in which they go before a .cl file, then the .cl files.
//
// EACH is the file that says what is done with TEXT: compile.h or embed.h. (No macro can hold an #include or an #embed.)
#define TEXT "dialect.h"
#include EACH
#define TEXT "elementary.h"
#include EACH
#define TEXT "elementary_periodic.h"
#include EACH
#define TEXT "elementary_power.h"
#include EACH
#define TEXT "patterns.h"
#include EACH
#define TEXT "turn.h"
#include EACH
#define TEXT "product.h"
#include EACH
#define TEXT "tile.h"
#include EACH
#define TEXT "windows.h"
#include EACH
#define TEXT "winograd.h"
#include EACH

#define TEXT "elementary.cl"
#include EACH
#define TEXT "pointwise.cl"
#include EACH
#define TEXT "activation.cl"
#include EACH
#define TEXT "loss.cl"
#include EACH
#define TEXT "divergence.cl"
#include EACH
#define TEXT "layout.cl"
#include EACH
#define TEXT "reduction.cl"
#include EACH
#define TEXT "normalization.cl"
#include EACH
#define TEXT "panels.cl"
#include EACH
#define TEXT "matmul.cl"
#include EACH
#define TEXT "convolution.cl"
#include EACH
#define TEXT "columns.cl"
#include EACH
#define TEXT "winograd.cl"
#include EACH
#define TEXT "winograd3.cl"
#include EACH
#define TEXT "gather.cl"
#include EACH
#define TEXT "resampling.cl"
#include EACH
#define TEXT "pooling.cl"
#include EACH
#define TEXT "depthwise.cl"
#include EACH
#define TEXT "random.cl"
#include EACH
#define TEXT "optimizer.cl"
#include EACH
#define TEXT "image.cl"
#include EACH
#define TEXT "probe.cl"
#include EACH
#define TEXT "roofline.cl"
#include EACH
#undef EACH
