// Compiles a text of `files.h` for the host.
#include TEXT
#undef TEXT
