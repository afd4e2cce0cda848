// Elementwise arithmetic: one item is one element. All arrays have the same length and order; a broadcast is a copy of its own
// (layout.cl), so that every loop here is contiguous.
#define UNARY(_) _(IN, x) _(OUT, y)
KERNEL(negate, UNARY) { y[i] = -x[i]; }
KERNEL(reciprocal, UNARY) { y[i] = 1 / x[i]; }
KERNEL(square_root, UNARY) { y[i] = SQRT(x[i]); }
KERNEL(exponential, UNARY) { y[i] = exp_real(x[i]); }
KERNEL(logarithm, UNARY) { y[i] = log_real(x[i]); }
KERNEL(sine, UNARY) { y[i] = sin_real(x[i]); }
KERNEL(cosine, UNARY) { y[i] = cos_real(x[i]); }
// 1 where x > 0, else 0 (also for NaN): the derivative of relu.
KERNEL(unit_step, UNARY) { y[i] = x[i] > 0 ? R(1.0) : R(0.0); }
KERNEL(round_down, UNARY) { y[i] = FLOOR(x[i]); }
KERNEL(absolute, UNARY) { y[i] = x[i] < 0 ? -x[i] : x[i] + 0; }
KERNEL(signum, UNARY) { y[i] = x[i] > 0 ? R(1.0) : (x[i] < 0 ? R(-1.0) : (x[i] == 0 ? R(0.0) : x[i])); }

#define AFFINE(_) _(IN, x) _(OUT, y) _(REAL, factor) _(REAL, term)
KERNEL(affine, AFFINE) { y[i] = fma(factor, x[i], term); }
#define POWER(_) _(IN, x) _(OUT, y) _(REAL, exponent)
KERNEL(power, POWER) { y[i] = pow_real(x[i], exponent); }

#define BINARY(_) _(IN, a) _(IN, b) _(OUT, y)
KERNEL(add, BINARY) { y[i] = a[i] + b[i]; }
KERNEL(subtract, BINARY) { y[i] = a[i] - b[i]; }
KERNEL(multiply, BINARY) { y[i] = a[i] * b[i]; }
KERNEL(divide, BINARY) { y[i] = a[i] / b[i]; }
// NaN where either is.
KERNEL(maximum, BINARY) { y[i] = ((a[i] > b[i]) | (a[i] != a[i])) ? a[i] : b[i]; }
// 1 where a > b, else 0 (also for NaN): the derivative of maximum by a.
KERNEL(greater, BINARY) { y[i] = a[i] > b[i] ? R(1.0) : R(0.0); }
