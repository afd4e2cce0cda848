#include "library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CImages.h"

void image_library_open(image_library *library, const char *file, const char *package) {
  library->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) {
    snprintf(library->problem, sizeof library->problem, "%s is not installed: apt-get install %s", file, package);
  }
}

void image_library_find(image_library *library, const char *name, void *function) {
  if (library->problem[0]) return;
  void *address = dlsym(library->handle, name);
  if (!address) {
    snprintf(library->problem, sizeof library->problem, "the installed library has no function %s", name);
  }
  memcpy(function, &address, sizeof address);  // ISO C has no cast from an object pointer to a function pointer
}

int image_fail(char *error, size_t error_capacity, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (error && error_capacity) vsnprintf(error, error_capacity, format, arguments);
  va_end(arguments);
  return 1;
}

void image_free(void *bytes) {
  free(bytes);
}
