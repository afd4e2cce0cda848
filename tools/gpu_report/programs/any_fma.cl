// Whether the driver compiles anything, and how long a small program takes.
__kernel void test(__global float *x) {
  const size_t i = get_global_id(0);
  float y = x[i];
  for (int k = 0; k < 16; ++k) y = fma(y, 0.5f, 1.0f);
  x[i] = y;
}
