// pow and the normal distribution's quantile, after elementary.h.
#ifdef DOUBLE

FN real pow_real(real x, real y) { return __builtin_pow(x, y); }

// The u-quantile of the standard normal distribution: algorithm AS 241, PPND16 (Wichura, 1988). Relative error 7e-16.
FN real inverse_normal_real(real u) {
  const real q = u - 0.5, r = 0.180625 - q * q;
  if (__builtin_fabs(q) <= 0.425)
    return q * (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                    + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r
                 + 133.14166789178437745) * r + 3.387132872796366608)
         / (((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r
             + 42.313330701600911252) * r + 1);
  const real s = __builtin_sqrt(-__builtin_log(q < 0 ? u : 1 - u)), v = s - 1.6, w = s - 5;
  const real z = s <= 5
      ? (((((((7.7454501427834140764e-4 * v + 0.0227238449892691845833) * v + 0.24178072517745061177) * v
            + 1.27045825245236838258) * v + 3.64784832476320460504) * v + 5.7694972214606914055) * v
          + 4.6303378461565452959) * v + 1.42343711074968357734)
        / (((((((1.05075007164441684324e-9 * v + 5.475938084995344946e-4) * v + 0.0151986665636164571966) * v
              + 0.14810397642748007459) * v + 0.68976733498510000455) * v + 1.6763848301838038494) * v
            + 2.05319162663775882187) * v + 1)
      : (((((((2.01033439929228813265e-7 * w + 2.71155556874348757815e-5) * w + 0.0012426609473880784386) * w
            + 0.026532189526576123093) * w + 0.29656057182850489123) * w + 1.7848265399172913358) * w
          + 5.4637849111641143699) * w + 6.6579046435011037772)
        / (((((((2.04426310338993978564e-15 * w + 1.4215117583164458887e-7) * w + 1.8463183175100546818e-5) * w
              + 7.868691311456132591e-4) * w + 0.0148753612908506148525) * w + 0.13692988092273580531) * w
            + 0.59983220655588793769) * w + 1);
  return q < 0 ? -z : z;
}

#else

#define THIRD R(0.333333343)
#define THIRD_LOW R(-9.93410776e-9)
#define TWO_OVER_LN2 R(2.88539004)
#define TWO_OVER_LN2_LOW R(3.85192607e-8)

// x^y = 2^(y log2 |x|) with C99's signs and special cases. The logarithm and its product with y are sums of two floats;
// the names of second summands end in _low. 0.966 ulp in 2.7 * 10^8 random pairs.
FN real pow_real(real x, real y) {
  const real a = magnitude(x), m = significand(a);
  // log m = 2 atanh s for s = (m - 1) / (m + 1).
  const real f = m - R(1.0), d = m + R(1.0), d_low = m - (d - R(1.0)), inverse = R(1.0) / d;
  const real s = f * inverse, s_low = fma(-s, d_low, fma(-s, d, f)) * inverse;
  const real z = s * s, z_low = fma(s + s, s_low, fma(s, s, -z));
  // atanh s = s + s z (1/3 + z P(z)), where s z times the bracket is a small correction.
  real p = R(0.119381964);
  p = fma(p, z, R(0.14262706));
  p = fma(p, z, R(0.20000197));
  const real tail = p * z, bracket = THIRD + tail, bracket_low = (tail - (bracket - THIRD)) + THIRD_LOW;
  const real v = z * bracket, v_low = fma(z_low, bracket, fma(z, bracket_low, fma(z, bracket, -v)));
  const real w = s * v, w_low = fma(s_low, v, fma(s, v_low, fma(s, v, -w)));
  const real h = s + w, h_low = (w - (h - s)) + (w_low + s_low);
  const real g = h * TWO_OVER_LN2, g_low = fma(h_low, TWO_OVER_LN2, fma(h, TWO_OVER_LN2_LOW, fma(h, TWO_OVER_LN2, -g)));
  const real n = exponent(a), sum = n + g, logarithm_low = (g - (sum - n)) + g_low;
  const real logarithm = ((a > 0) & (a < INFINITE)) ? sum : (a == 0 ? -INFINITE : a);

  // 2^-160 is 0, 2^160 is infinite: beyond, the second summand, which may be NaN, is left out.
  const real t = y * logarithm, correction = fma(y, logarithm_low, fma(y, logarithm, -t));
  const real t_low = ((t > R(-160.0)) & (t < R(160.0))) ? correction : R(0.0);
  real c = t < R(-160.0) ? R(-160.0) : t;
  c = c > R(160.0) ? R(160.0) : c;
  const real integer = c + INTEGERS, r = (c - (integer - INTEGERS)) + t_low;
  real e = R(1.53264962e-4);
  e = fma(e, r, R(1.33908121e-3));
  e = fma(e, r, R(9.61850584e-3));
  e = fma(e, r, R(5.55035993e-2));
  e = fma(e, r, R(0.240226477));
  e = fma(e, r, R(0.693147182));
  const real power = scaled(fma(e, r, R(1.0)), integer);

  const int whole = FLOOR(y) == y, odd = whole & (FLOOR(R(0.5) * y) != R(0.5) * y);
  const int one = (y == 0) | (x == R(1.0)) | ((a == R(1.0)) & (magnitude(y) == INFINITE));
  const real signed_power = odd ? with_sign(power, x) : power;
  return one ? R(1.0) : (((x < 0) & (a < INFINITE) & !whole) ? NOT_A_NUMBER : signed_power);
}

// The u-quantile of the standard normal distribution for 0 < u < 1, NaN elsewhere. As in AS 241 (Wichura, 1988),
// z = q A(0.425^2 - q^2) for q = u - 1/2, |q| <= 0.425, and |z| = B(s), s = sqrt(-log u) or sqrt(-log(1 - u)), in the
// tails, where 1 - u is exact; but A = 2.9375 + C and B = 1.125 s + C, so that the errors of C = n / d, which is small,
// weigh little. 2.512 ulp.
FN real inverse_normal_real(real u) {
  const real q = u - R(0.5);
  const int central = magnitude(q) <= R(0.425);
  const real s = SQRT(-log_real(q < 0 ? u : R(1.0) - u));
  const real x = central ? fma(-q, q, R(0.180625)) : s;
  real n = central ? R(-26.4149361) : R(0.112394668);
  n = fma(n, x, central ? R(-257.896912) : R(0.978437126));
  n = fma(n, x, central ? R(-82.2407455) : R(6.90263733e-2));
  n = fma(n, x, central ? R(-1.0204916) : R(-5.66940308));
  n = fma(n, x, central ? R(0.449632853) : R(-2.87475109));
  real d = central ? R(147.330399) : R(0.38821587);
  d = fma(d, x, central ? R(112.076523) : R(3.4194603));
  d = fma(d, x, central ? R(20.3692703) : R(4.56947279));
  d = fma(d, x, R(1.0));
  const real c = n / d, tail = fma(R(1.125), s, c);
  return central ? fma(q, R(2.9375), q * c) : (q < 0 ? -tail : tail);
}

#endif
