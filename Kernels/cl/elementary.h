// Elementary functions of one real from fma, + - * /, square roots and integer operations: the same bits on every
// device.
//
// No function branches: each computes all its cases and selects, so that loops over elements vectorise. A constant
// written as two floats (X and X_LOW) is their sum. Errors are in ulp, units in the last place of the exact result
// (2^-149 among denormals): the largest over all 2^32 floats, as tools/accuracy/run measures them. NaN gives NaN,
// except where C99's pow says otherwise. Polynomials are minimax fits of the relative error, their coefficients rounded
// to float one by one, lowest first, the others being fitted anew each time.
//
// elementary_periodic.h holds sin and cos, elementary_power.h pow and the normal distribution's quantile.
#define INFINITE AS_REAL(0x7f800000u)
#define NOT_A_NUMBER AS_REAL(0x7fc00000u)

#ifdef DOUBLE // ----------------------------------------------------------- gradients are checked with libm's functions

FN real exp_real(real x) { return __builtin_exp(x); }
FN real log_real(real x) { return __builtin_log(x); }
FN real tanh_real(real x) { return __builtin_tanh(x); }
FN real sigmoid_real(real x) { return x < 0 ? __builtin_exp(x) / (1 + __builtin_exp(x)) : 1 / (1 + __builtin_exp(-x)); }
FN real softplus_real(real x) { return (x > 0 ? x : 0) + __builtin_log1p(__builtin_exp(-__builtin_fabs(x))); }
FN real erf_real(real x) { return __builtin_erf(x); }
FN real expm1_real(real x) { return __builtin_expm1(x); }

#else // --------------------------------------------------------------------------------------------------------- float

FN real magnitude(real x) { return AS_REAL(AS_UINT(x) & 0x7fffffffu); }
// |y| with the sign of x, for y >= 0.
FN real with_sign(real y, real x) { return AS_REAL(AS_UINT(y) | (AS_UINT(x) & 0x80000000u)); }

// -------------------------------------------------------------------------------------------------------- exponentials

// From 2^23 to 2^24 the floats are the integers: adding 1.5 * 2^23 rounds to the nearest integer n, which the lowest
// bits of the sum then hold. So no conversion is needed, which NaN would leave undefined.
#define INTEGERS R(12582912.0)
#define LN2 R(0.693147182)
#define LN2_LOW R(-1.90465421e-9)

// 2^n for the n in the lowest bits of `integer`, -126 <= n <= 127.
FN real power_of_two(uint integer) { return AS_REAL((integer << 23) + 0x3f800000u); }

// y * 2^n in two steps, so that a denormal result is rounded once; |n| <= 252.
FN real scaled(real y, real integer) {
  const uint n = AS_UINT(integer), half_n = n >> 1;
  return y * power_of_two(half_n) * power_of_two(n - half_n);
}

// n = x / ln 2 rounded, as `integer`.
FN real nearest_exponent(real x) { return fma(x, R(1.44269502), INTEGERS); }

// e^r - 1 for r = x - n ln 2, |r| <= 0.3467. The first part of ln 2 has 10 bits, so that n times it and the first
// difference are exact.
FN real expm1_remainder(real x, real integer) {
  const real n = integer - INTEGERS;
  const real r = fma(n, R(2.12194442e-4), fma(n, R(-0.693359375), x));
  real p = R(1.97616537e-4);
  p = fma(p, r, R(1.39323261e-3));
  p = fma(p, r, R(8.33354611e-3));
  p = fma(p, r, R(4.16664928e-2));
  p = fma(p, r, R(0.166666657));
  p = fma(p, r, R(0.5));
  return fma(r * r, p, r);
}

// e^x. 0.982 ulp.
FN real exp_real(real x) {
  real c = x < R(-104.0) ? R(-104.0) : x; // e^-104 < 2^-150 < 2^128 < e^89; a NaN passes
  c = c > R(89.0) ? R(89.0) : c;
  const real integer = nearest_exponent(c);
  return scaled(R(1.0) + expm1_remainder(c, integer), integer);
}

// e^x - 1; where e^x is far from 1 the difference loses little. Below 4 ulp (3.27 near 0.371); of -0 it is +0.
FN real expm1_real(real x) {
  const int small = magnitude(x) < R(0.34);
  const real near = expm1_remainder(small ? x : R(0.0), INTEGERS), far = exp_real(x) - R(1.0);
  return small ? near : far;
}

// Below 0.55 x + x^3 P(x^2), so that small x lose nothing; above, 1 - 2 / (e^2x + 1). 1.449 ulp.
FN real tanh_real(real x) {
  const real a = magnitude(x), c = a > R(10.0) ? R(10.0) : a, s = c * c; // tanh 10 rounds to 1
  real p = R(-6.2428494e-3);
  p = fma(p, s, R(2.1050714e-2));
  p = fma(p, s, R(-5.38475476e-2));
  p = fma(p, s, R(0.133325443));
  p = fma(p, s, R(-0.333333164));
  const real integer = nearest_exponent(c + c), power = power_of_two(AS_UINT(integer));
  const real d = fma(power, expm1_remainder(c + c, integer), power) + R(1.0);
  return with_sign(c < R(0.55) ? fma(p, c * s, c) : R(1.0) - R(2.0) / d, x);
}

// 1 / (1 + e^-x), for negative x as e^x / (1 + e^x), so that nothing overflows. What rounding took from the denominator
// d is put back: y / (1 + low / d) is near y - y low where low matters most, for d near 1. 1.967 ulp.
FN real sigmoid_real(real x) {
  const real e = exp_real(-magnitude(x));
  const real d = R(1.0) + e, low = e - (d - R(1.0));
  const real y = (x < 0 ? e : R(1.0)) / d;
  return fma(-y, low, y);
}

// ---------------------------------------------------------------------------------------------------------- logarithms

// log(1 + f) = f + f^2 P(f) for -1/4 <= f <= 1/2: this is P.
FN real log1p_polynomial(real f) {
  real p = R(4.17231768e-2);
  p = fma(p, f, R(-9.74845812e-2));
  p = fma(p, f, R(0.120003656));
  p = fma(p, f, R(-0.127270326));
  p = fma(p, f, R(0.142404288));
  p = fma(p, f, R(-0.166493088));
  p = fma(p, f, R(0.200007305));
  p = fma(p, f, R(-0.250004411));
  p = fma(p, f, R(0.333333313));
  return fma(p, f, R(-0.49999997));
}

// x = 2^n m with 3/4 <= m < 3/2, for finite x > 0: a denormal is first made normal.
#define DENORMAL(x) ((x) < R(1.17549435e-38))
FN uint bits_above_three_quarters(real x) { return AS_UINT(DENORMAL(x) ? x * R(16777216.0) : x) - 0x3f400000u; }
FN real significand(real x) { return AS_REAL((bits_above_three_quarters(x) & 0x007fffffu) + 0x3f400000u); }
FN real exponent(real x) { return (real)(((int)bits_above_three_quarters(x) >> 23) - (DENORMAL(x) ? 24 : 0)); }

// log x: -inf at 0, NaN below. 0.933 ulp.
FN real log_real(real x) {
  const real n = exponent(x), f = significand(x) - R(1.0);
  const real y = fma(n, LN2, fma(f * f, log1p_polynomial(f), fma(n, LN2_LOW, f)));
  return x > 0 ? (x < INFINITE ? y : x) : (x == 0 ? -INFINITE : NOT_A_NUMBER);
}

// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|); above e = 1/2 the logarithm is
// log 2 + log((1 + e) / 2). 1.651 ulp.
FN real softplus_real(real x) {
  const real e = exp_real(-magnitude(x));
  const real f = e > R(0.5) ? R(0.5) * e - R(0.5) : e;
  const real y = fma(f * f, log1p_polynomial(f), f);
  return (x > 0 ? x : R(0.0)) + (e > R(0.5) ? y + LN2 : y);
}

// -------------------------------------------------------------------------------------------------- the error function

// Below 15/16 x + x P(x^2); above, 1 - e^-(x + x Q(x)), the exponent being log erfc x (the idea is N. Juffa's).
// 1.026 ulp.
FN real erf_real(real x) {
  const real a = magnitude(x), t = a > R(4.0) ? R(4.0) : a, s = t * t; // erf 4 rounds to 1
  real p = R(8.00138296e-5);
  p = fma(p, s, R(-8.05057702e-4));
  p = fma(p, s, R(5.19244885e-3));
  p = fma(p, s, R(-2.68557388e-2));
  p = fma(p, s, R(0.112836257));
  p = fma(p, s, R(-0.376126289));
  p = fma(p, s, R(0.128379166));
  real q = R(1.1230034e-5);
  q = fma(q, t, R(-3.22794047e-4));
  q = fma(q, t, R(3.6424296e-3));
  q = fma(q, t, R(-2.37620194e-2));
  q = fma(q, t, R(0.106236845));
  q = fma(q, t, R(0.635151327));
  q = fma(q, t, R(0.12864849));
  return with_sign(t < R(0.9375) ? fma(p, t, t) : R(1.0) - exp_real(-fma(q, t, t)), x);
}

#endif

// The standard normal distribution function, to an absolute error of an ulp of 1.
FN real normal_cdf_real(real x) { return R(0.5) + R(0.5) * erf_real(x * R(0.70710678118654752)); }
