// Makes a text of `files.h` an element of the array of `KernelSource`.
{TEXT, (const char[]){
#embed TEXT
    , 0}},
#undef TEXT
