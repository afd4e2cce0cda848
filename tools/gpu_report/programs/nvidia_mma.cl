// Whether NVIDIA's OpenCL takes its matrix units as inline PTX: products of bf16 and of TF32.
#define MMA(TYPE, SHAPE)                                                                                               \
  __asm__ volatile("mma.sync.aligned." SHAPE ".row.col.f32." TYPE "." TYPE ".f32 "                                     \
                   "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"                                             \
                   : "+f"(c0), "+f"(c1), "+f"(c2), "+f"(c3)                                                            \
                   : "r"(a[i]), "r"(a[i + 32]), "r"(a[i + 64]), "r"(a[i + 96]), "r"(b[i]), "r"(b[i + 32]))

__kernel __attribute__((reqd_work_group_size(32, 1, 1))) void
test(__global const uint *a, __global const uint *b, __global float *c) {
  const uint i = get_local_id(0);
  float c0 = 0, c1 = 0, c2 = 0, c3 = 0;
  MMA("bf16", "m16n8k16");
  MMA("tf32", "m16n8k8");
  c[4 * i] = c0, c[4 * i + 1] = c1, c[4 * i + 2] = c2, c[4 * i + 3] = c3;
}
