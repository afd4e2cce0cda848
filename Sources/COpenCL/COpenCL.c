#define _GNU_SOURCE // RTLD_DEFAULT
#include "COpenCL.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ------------------------------------------------------------------------------------------------------- vendor files

// Copies one vendor file; tells whether it names the driver.
static bool copy_vendor_file(const char *from, const char *to, const char *driver) {
  char line[4096];
  FILE *in = fopen(from, "r");
  if (!in) return false;
  FILE *out = fopen(to, "w");
  bool named = false;
  while (fgets(line, sizeof line, in)) {
    if (strstr(line, driver)) named = true;
    if (out) fputs(line, out);
  }
  fclose(in);
  if (out) fclose(out);
  return named;
}

// Removes the folder with its files.
static void remove_vendor_folder(const char *folder) {
  DIR *entries = opendir(folder);
  char path[4096];
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (entry->d_name[0] != '.') unlink(path);
  }
  if (entries) closedir(entries);
  rmdir(folder);
}

const char *opencl_vendor_folder(const char *folder, const char *driver) {
  static char made[4096];
  const char *temporary = getenv("TMPDIR");
  if (getenv("OCL_ICD_VENDORS") || getenv("OCL_ICD_FILENAMES") || getenv("OPENCL_VENDOR_PATH")) return 0;
  if (!dlopen(driver, RTLD_LAZY | RTLD_LOCAL)) return 0; // stays open: the loader will want it next
  snprintf(made, sizeof made, "%s/opencl-vendors-XXXXXX", temporary && *temporary ? temporary : "/tmp");
  if (!mkdtemp(made)) return 0;
  char from[4096 + 256], to[4096 + 256];
  bool named = false;
  DIR *entries = opendir(folder);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(from, sizeof from, "%s/%s", folder, entry->d_name);
    snprintf(to, sizeof to, "%s/%s", made, entry->d_name);
    named |= copy_vendor_file(from, to, driver);
  }
  if (entries) closedir(entries);
  snprintf(to, sizeof to, "%s/added.icd", made);
  FILE *added = named ? 0 : fopen(to, "w");
  if (!added) {
    remove_vendor_folder(made);
    return 0;
  }
  fprintf(added, "%s\n", driver);
  fclose(added);
  return made;
}

// A loader reads its vendor files at the first call and never again, so that the first call must see the completed
// folder.
static void first_call(const OpenCLFunctions *functions) {
  const char *folder = opencl_vendor_folder("/etc/OpenCL/vendors", "libnvidia-opencl.so.1");
  if (!folder) return;
  cl_uint count;
  setenv("OCL_ICD_VENDORS", folder, 1);
  functions->clGetPlatformIDs(0, 0, &count);
  unsetenv("OCL_ICD_VENDORS");
  remove_vendor_folder(folder);
}

// ---------------------------------------------------------------------------------------------------------- functions

const OpenCLFunctions *opencl_load(const char *library, char *reason, size_t reason_size) {
  const bool loaded = dlsym(RTLD_DEFAULT, "clGetPlatformIDs");
  void *from = loaded ? RTLD_DEFAULT : dlopen(library ? library : "libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!loaded && !from) {
    snprintf(reason, reason_size, "%s", dlerror());
    return 0;
  }
  OpenCLFunctions *functions = calloc(1, sizeof *functions);
  if (!functions) {
    snprintf(reason, reason_size, "the host is out of memory");
    return 0;
  }
#define FIND(name)                                                                                                    \
  if (!(functions->name = (__typeof__(functions->name))dlsym(from, #name))) {                                         \
    snprintf(reason, reason_size, "%s has no %s: it is older than OpenCL 1.2, or no OpenCL loader",                   \
             library ? library : "libOpenCL.so.1", #name);                                                            \
    free(functions);                                                                                                  \
    return 0;                                                                                                         \
  }
  OPENCL_FUNCTIONS(FIND)
  if (!loaded) first_call(functions);
  return functions;
}
