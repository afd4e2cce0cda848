// The host build of every kernel in double, where gradients are checked.
#define ISA baseline
#define DOUBLE
#define real double
#define real16 double16
#define EACH "compile.h"
#include "cl/files.h"
const char kernel_anchor_double = 0;
