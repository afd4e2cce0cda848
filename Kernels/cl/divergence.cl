// What the conjugates of f-divergences need beyond exponentials and logarithms: one item is one element. Each keeps its
// digits where the formula as printed would overflow, cancel or divide 0 by 0.
#define FUNCTION(_) _(IN, x) _(OUT, y)
#define FUNCTION_OF_ONE(_) _(IN, x) _(OUT, y) _(REAL, exponent)
#define FUNCTION_OF_TWO(_) _(IN, x) _(OUT, y) _(REAL, slope) _(REAL, exponent)

// log(1 + f) for -1/4 <= f <= 1/2.
#ifdef DOUBLE
FN real log1p_near(real f) { return __builtin_log1p(f); }
#else
FN real log1p_near(real f) { return fma(f * f, log1p_polynomial(f), f); }
#endif

KERNEL(exponential_minus_one, FUNCTION) { y[i] = expm1_real(x[i]); }

// log((1 + e^x) / 2): softplus less its value at 0, about which it would cancel.
KERNEL(centred_softplus, FUNCTION) {
  const int near = (x[i] > R(-0.34)) & (x[i] < R(0.34));
  y[i] = near ? log1p_near(R(0.5) * expm1_real(near ? x[i] : R(0.0))) : softplus_real(x[i]) - R(0.69314718055994531);
}

// log softplus(x), and its derivative sigmoid(x) / softplus(x). Below -17 both are their series in e^x, to e^-34:
// softplus underflows there.
KERNEL(log_softplus, FUNCTION) {
  y[i] = x[i] < R(-17.0) ? fma(R(-0.5), exp_real(x[i]), x[i]) : log_real(softplus_real(x[i]));
}
KERNEL(log_softplus_slope, FUNCTION) {
  y[i] = x[i] < R(-17.0) ? fma(R(-0.5), exp_real(x[i]), R(1.0)) : sigmoid_real(x[i]) / softplus_real(x[i]);
}

// log(1 - s^p) for s = sigmoid(x) and p > 0, and its derivative -p (1 - s) s^p / (1 - s^p). With z = -p log s = p
// softplus(-x), 1 - s^p = 1 - e^-z. Above 80, where z would underflow, the logarithm is a straight line and its slope
// -1.
KERNEL(log_sigmoid_complement, FUNCTION_OF_ONE) {
  const real c = x[i] > R(80.0) ? R(80.0) : x[i], power = pow_real(sigmoid_real(c), exponent);
  const int small = power < R(0.25);
  const real near = log1p_near(small ? -power : R(0.0)), far = log_real(-expm1_real(-exponent * softplus_real(-c)));
  y[i] = (small ? near : far) - (x[i] - c);
}
KERNEL(log_sigmoid_complement_slope, FUNCTION_OF_ONE) {
  const real c = x[i] > R(80.0) ? R(80.0) : x[i], power = pow_real(sigmoid_real(c), exponent);
  const real complement = power < R(0.5) ? 1 - power : -expm1_real(-exponent * softplus_real(-c));
  y[i] = -(exponent * sigmoid_real(-c) * power) / complement;
}

// The y with 1 + y - e^-y = x: the logarithm of the ratio u at which Jeffrey's f has the slope x = 1 + log u - 1/u,
// which is -log W(e^(1-x)) with Lambert's W. The left side is concave, so that Newton's steps from below climb to the
// root; five are enough for double.
KERNEL(jeffrey_logarithm, FUNCTION) {
  real root = x[i] < 0 ? -log_real(1 - x[i]) : R(0.5) * x[i];
  for (uint step = 0; step < 5; ++step) {
    const real e = expm1_real(-root);
    root = root - ((root - x[i]) - e) / (e + 2);
  }
  y[i] = root;
}

// x^exponent where x > 0, else 0, whatever the exponent: such powers are closed under derivatives, without an infinity
// at the edge.
KERNEL(positive_power, FUNCTION_OF_ONE) { y[i] = x[i] <= 0 ? R(0.0) : pow_real(x[i], exponent); }
// (1 + slope x)^exponent - 1, where 1 + slope x < 0 taken as 0; by expm1 and log1p about 0, where the power would
// cancel.
KERNEL(shifted_power, FUNCTION_OF_TWO) {
  const real f = slope * x[i], base = fma(slope, x[i], R(1.0));
  const int near = (f > R(-0.2)) & (f < R(0.2));
  const real small = expm1_real(exponent * log1p_near(near ? f : R(0.0)));
  y[i] = near ? small : pow_real(base <= 0 ? R(0.0) : base, exponent) - 1;
}
