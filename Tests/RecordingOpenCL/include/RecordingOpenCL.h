// An OpenCL library of GPUs that are not here: it computes nothing but the probe, refuses what such a GPU would refuse, and writes
// down what it is asked. SADDLE_OPENCL_LIBRARY takes it for the machine's OpenCL; RECORDING names a file to write to. Each line's
// words are apart by tabs:
//
//     build   FILE  OPTIONS
//     launch  KERNEL  GROUPS  ITEMS-OF-A-GROUP  FIRST-ITEM  OPTIONS  ARGUMENTS
//     allocate  BYTES
//     write   BYTES
//     read    BYTES
//     flush
//     finish
//
// Arguments are apart by commas: a buffer as m and its number, all else as the unsigned integer of its bits.
//
// RECORDING_TEXTS names a folder for the programs' texts: NUMBER.cl for each build, its options in the first line, behind //.
// RECORDING_FAULT breaks the driver: build:FILE (a build fails and says nothing, as where a part of the driver is missing),
// refuse:KERNEL, hang:KERNEL, crash:KERNEL (what becomes of its launch). FILE and KERNEL are parts of names.
#pragma once

/// From now on, lines go to the end of this file; null for nowhere. It is complete after each clFinish and blocking read.
void recording_open(const char *path);
