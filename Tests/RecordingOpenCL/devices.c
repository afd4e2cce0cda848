// The GPUs, as their drivers describe them, and one of nobody's with little of everything.
#include "recording.h"

const struct Platform platforms[] = {
    {"NVIDIA CUDA", "NVIDIA Corporation", 64},
    {"AMD Accelerated Parallel Processing", "Advanced Micro Devices, Inc.", 32}, // AQL packets have 32 bits
    {"Intel(R) OpenCL Graphics", "Intel(R) Corporation", 64},
    {"Some OpenCL", "Somebody", 32},
};

const struct Device devices[] = {
    {0, "recorded NVIDIA H100 80GB HBM3", 85045477376, 21261369344, 49152, 132, 1980, 1024, 32},
    {0, "recorded NVIDIA GeForce RTX 3060", 12622168064, 3155542016, 49152, 28, 1777, 1024, 32},
    {1, "recorded Radeon RX 7900 gfx1100", 25753026560, 21890072576, 65536, 48, 2500, 256, 32},
    {1, "recorded Instinct MI300X gfx942", 206141652992, 206141652992, 65536, 304, 2100, 256, 64},
    {2, "recorded Intel(R) Arc(TM) A770 Graphics", 16225243136, 4294959104, 65536, 512, 2400, 1024, 64},
    {2, "recorded Intel(R) UHD Graphics 770", 13000000000, 4294959104, 65536, 32, 1550, 512, 64},
    {3, "recorded small GPU", 2000000000, 500000000, 32768, 4, 800, 256, 16},
};

const int platform_count = sizeof platforms / sizeof *platforms, device_count = sizeof devices / sizeof *devices;
