// Elementwise arithmetic: one item is one element.
#define UNARY(_) _(IN, x) _(OUT, y)
KERNEL(negate, UNARY) { y[i] = -x[i]; }
