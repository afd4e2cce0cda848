// What the numerical contract takes from a device's own arithmetic, one case an item, compared with stored answers when
// a device is opened. Operands come from memory, so that no compiler can work an answer out in advance; but from 13 on one is a constant of
// the text, as in other kernels: there compilers know rules, such as x + 0 = x, that signed zeros and NaN break.
//
// x is [cases][4]: the operation's number, then a, b, c. An integer travels as the bits of a real.
#define PROBE(_) _(IN, x) _(OUT, y)
KERNEL(probe, PROBE) {
  const uint operation = (uint)x[4 * i];
  const real a = x[4 * i + 1], b = x[4 * i + 2], c = x[4 * i + 3];
  real result = 0;
  if (operation == 0) result = a * b + c;
  if (operation == 1) result = c - a * b;
  if (operation == 2) result = fma(a, b, c);
  if (operation == 3) result = a / b;
  if (operation == 4) result = SQRT(a);
  if (operation == 5) result = a + b;
  if (operation == 6) result = a * b;
  if (operation == 7) result = a > b ? R(1.0) : R(0.0);
  if (operation == 8) result = (real)(int)(a < b ? b : a > c ? c : a);
  if (operation == 9) result = ROUND_EVEN(a);
  if (operation == 10) result = FLOOR(a);
  if (operation == 11) result = AS_REAL(MUL_HI(AS_UINT((float)a), AS_UINT((float)b)));
  if (operation == 12) result = (real)(AS_UINT((float)a) >> 8);
  if (operation == 13) result = a + R(0.0);
  if (operation == 14) result = fma(a, b, R(0.0));
  if (operation == 15) result = R(0.0) - a;
  if (operation == 16) result = -a;
  if (operation == 17) result = a > 0 ? R(1.0) : (a < 0 ? R(-1.0) : (a == 0 ? R(0.0) : a));
  if (operation == 18) result = a <= 0 ? R(0.0) : (a >= 6 ? R(6.0) : a);
  if (operation == 19) result = a * R(0.0);
  if (operation == 20) result = a > 0 ? a : R(0.0);
  y[i] = result;
}
