// sin and cos over the whole float range, after elementary.h.
#ifdef DOUBLE

FN real sin_real(real x) { return __builtin_sin(x); }
FN real cos_real(real x) { return __builtin_cos(x); }

#else

// 2/pi in words of 32 bits, after one of zeros: 0, 0.a2f9836e 4e441529 ... (hexadecimal).
#define TWO_OVER_PI(j, a, b, c, d, e) ((j) == 0 ? a : (j) == 1 ? b : (j) == 2 ? c : (j) == 3 ? d : e)
// 32 bits of the words (high, low) from bit `shift` < 32 on.
FN uint bits_from(uint high, uint low, uint shift) { return (high << shift) | (low >> 1 >> (31 - shift)); }

// sin(|x| + quarters pi/2). The reduction is Payne and Hanek's (1983) in integers: |x| = M 2^e, and of M 2/pi only the
// bits that matter are formed, the two of the quadrant and 62 below.
FN real sine_of_magnitude(real x, uint quarters) {
  const real a = magnitude(x);
  const uint exponent_bits = AS_UINT(a) >> 23, m = (AS_UINT(a) & 0x007fffffu) | 0x00800000u;
  // The window into 2/pi starts at bit 0 for |x| in [2^-7, 2^-6) and moves with the exponent; below, its garbage goes
  // unused, since |x| < pi/4 is not reduced.
  const uint start = exponent_bits - 120, j = start >> 5, shift = start & 31;
  const uint w0 = TWO_OVER_PI(j, 0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u);
  const uint w1 = TWO_OVER_PI(j, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u);
  const uint w2 = TWO_OVER_PI(j, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u);
  const uint w3 = TWO_OVER_PI(j, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);
  const uint high = bits_from(w0, w1, shift), middle = bits_from(w1, w2, shift), low = bits_from(w2, w3, shift);
  const uint carried = MUL_HI(m, low), p0 = m * middle + carried;
  const uint p1 = m * high + MUL_HI(m, middle) + (p0 < carried ? 1u : 0u);
  // The nearest multiple of pi/2, and the signed rest in quarters of a turn: 24 bits, rounded to nearest, and 32 signed
  // bits below. So a rest close to 0, which is never less than 2^-30 or so, is all in the second part.
  const uint nearest = (p1 + 0x20000000u) >> 30, rest = p1 - (nearest << 30);
  const real first = (real)((int)(rest + 32u) >> 6) * R(5.9604644775390625e-8);
  const real second = (real)(int)((rest << 26) | (p0 >> 6)) * R(1.38777878078144568e-17);
  const real reduced = fma(first, R(1.57079637), fma(first, R(-4.37113883e-8), second * R(1.57079637)));

  const int small = a < R(0.785398);
  const real r = small ? a : reduced, s = r * r;
  const uint quadrant = (small ? 0u : nearest) + quarters;
  real sine = R(2.83254849e-6);
  sine = fma(sine, s, R(-1.98530659e-4));
  sine = fma(sine, s, R(8.3333794e-3));
  sine = fma(sine, s, R(-0.166666672));
  sine = fma(sine, r * s, r);
  real cosine = R(2.44306684e-5);
  cosine = fma(cosine, s, R(-1.38873013e-3));
  cosine = fma(cosine, s, R(4.16666456e-2));
  cosine = fma(cosine, s, R(-0.5));
  cosine = fma(cosine, s, R(1.0));
  const real y = (quadrant & 1u) ? cosine : sine;
  return a < INFINITE ? AS_REAL(AS_UINT(y) ^ ((quadrant & 2u) << 30)) : NOT_A_NUMBER;
}

// sin x. 1.493 ulp.
FN real sin_real(real x) { return AS_REAL(AS_UINT(sine_of_magnitude(x, 0)) ^ (AS_UINT(x) & 0x80000000u)); }
// cos x. 1.496 ulp.
FN real cos_real(real x) { return sine_of_magnitude(x, 1); }

#endif
