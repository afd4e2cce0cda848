// Loading a shared library at run time, and the shape of an error. Private to this target.
#ifndef CIMAGES_LIBRARY_H
#define CIMAGES_LIBRARY_H

#include <stdarg.h>
#include <stddef.h>

/// A library opened once for the life of the process. `problem` is empty when every function was found.
typedef struct {
  void *handle;
  char problem[200];
} image_library;

/// Opens `file`, which Debian's `package` installs.
void image_library_open(image_library *library, const char *file, const char *package);

/// Stores the address of `name` at `function`, or a problem in `library`; does nothing where there is one already.
void image_library_find(image_library *library, const char *name, void *function);

/// Writes an error message and returns 1, so that a caller can `return image_fail(...)`.
__attribute__((format(printf, 3, 4)))
int image_fail(char *error, size_t error_capacity, const char *format, ...);

#endif
