// The host build of every kernel for any processor of the target's kind (arm64's native build is this one).
#define ISA baseline
#define EACH "compile.h"
#include "cl/files.h"
const char kernel_anchor_baseline = 0;
