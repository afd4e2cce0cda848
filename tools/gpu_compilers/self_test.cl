// What tools/test-gpu-compilers must find in every run, so that its silence means something.
#if defined(BROKEN)
#error the compiler is to refuse this text
#elif defined(CROWDED)
// More local memory than a group of any of these GPUs has.
__kernel void crowded(__global float *x) {
  __local float shared[20000];
  const size_t i = get_local_id(0);
  shared[i] = x[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  x[i] = shared[i ^ 5];
}
#elif defined(SPILLED)
// More values at a time than the registers that it is allowed: by its build's options on NVIDIA, by an attribute on AMD.
#ifdef __AMDGCN__
__attribute__((amdgpu_num_vgpr(16)))
#endif
__kernel void spilled(__global float *x) {
  float values[64];
#pragma unroll
  for (int i = 0; i < 64; ++i) values[i] = x[i * 64 + get_global_id(0)];
  barrier(CLK_GLOBAL_MEM_FENCE);
#pragma unroll
  for (int i = 0; i < 64; ++i) x[i * 64 + get_global_id(0)] = values[63 - i] * values[i];
}
#else
// Nothing is wrong with it.
__kernel void plain(__global float *x) { x[get_global_id(0)] *= 2; }
// Nor with this, but its budget is 0.
__kernel void greedy(__global float *x) { x[get_global_id(0)] += 2; }
// An array whose place only a run knows.
__kernel void indexed(__global float *x, __global const int *places) {
  float values[64];
  for (int i = 0; i < 64; ++i) values[i] = x[i];
  for (int i = 0; i < 64; ++i) values[places[i] % 64] += values[places[i + 64] % 64];
  for (int i = 0; i < 64; ++i) x[i] = values[i];
}
#endif
