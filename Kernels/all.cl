// Every kernel, for the host builds; an OpenCL device builds a program from one file at a time.
#include "dialect.h"
#include "elementary.h"
#include "elementary_periodic.h"
#include "elementary_power.h"
#include "elementary.cl"
#include "pointwise.cl"
