// Whether NVIDIA's OpenCL takes copies into local memory that do not wait, and its loads of matrices, as inline PTX.
__kernel __attribute__((reqd_work_group_size(32, 1, 1))) void test(__global const float *x, __global uint *y) {
  __local float tile[32 * 4] __attribute__((aligned(16)));
  const uint i = get_local_id(0), at = (uint)(ulong)(tile + 4 * i);
  uint r0, r1, r2, r3;
  __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16;\n"
                   "cp.async.commit_group;\n"
                   "cp.async.wait_group 0;" ::"r"(at), "l"(x + 4 * i)
                   : "memory");
  barrier(CLK_LOCAL_MEM_FENCE);
  __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(r0), "=r"(r1), "=r"(r2), "=r"(r3)
                   : "r"(at));
  y[4 * i] = r0, y[4 * i + 1] = r1, y[4 * i + 2] = r2, y[4 * i + 3] = r3;
}
