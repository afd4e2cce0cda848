// Whether AMD's OpenCL takes the float32 matrix units of CDNA (gfx9) by clang's built-in function.
typedef float C __attribute__((ext_vector_type(32)));
__kernel void test(__global const float *a, __global const float *b, __global C *c) {
  const size_t i = get_local_id(0);
  c[i] = __builtin_amdgcn_mfma_f32_32x32x1f32(a[i], b[i], c[i], 0, 0, 0);
}
