// Whether AMD's OpenCL takes the matrix units of RDNA 3 (gfx11) by clang's built-in function: products of bf16.
typedef short A __attribute__((ext_vector_type(16)));
typedef float C __attribute__((ext_vector_type(8)));
__kernel void test(__global const A *a, __global const A *b, __global C *c) {
  const size_t i = get_local_id(0);
  c[i] = __builtin_amdgcn_wmma_f32_16x16x16_bf16_w32(a[i], b[i], c[i]);
}
