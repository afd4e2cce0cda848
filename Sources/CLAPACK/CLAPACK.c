#include "CLAPACK.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Fortran's: column-major, every argument by address, lengths of the texts behind the others.
typedef const int *number;
static struct {
  void (*dgemm)(const char *, const char *, number, number, number, const double *, const double *, number,
                const double *, number, const double *, double *, number, size_t, size_t);
  void (*dsyrk)(const char *, const char *, number, number, const double *, const double *, number, const double *,
                double *, number, size_t, size_t);
  void (*dpstrf)(const char *, number, double *, number, int *, int *, const double *, double *, int *, size_t);
  void (*dgesdd)(const char *, number, number, double *, number, double *, double *, number, double *, number,
                 double *, number, int *, int *, size_t);
} blas;
static int is_there;

static void load(void) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  is_there = 1;
#define FIND(NAME) { \
    void *address = dlsym(library, #NAME "_"); \
    if (!address) is_there = 0; \
    memcpy(&blas.NAME, &address, sizeof address); \
  }
  FIND(dgemm) FIND(dsyrk) FIND(dpstrf) FIND(dgesdd)
}

int clapack_is_there(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return is_there;
}

// Row-major a bᵀ is, read column by column, the transpose: b aᵀ, with a and b transposed as they lie.
void clapack_product(const double *a, const double *b, double *c, int rows, int columns, int depth) {
  const double one = 1, zero = 0;
  blas.dgemm("T", "N", &columns, &rows, &depth, &one, b, &depth, a, &depth, &zero, c, &columns, 1, 1);
}

void clapack_add_gram(const double *x, double *sum, int rows, int width) {
  const double one = 1;
  blas.dsyrk("L", "N", &width, &rows, &one, x, &width, &one, sum, &width, 1, 1);
}

int clapack_root(double *a, int width, int *pivots) {
  double *work = malloc(2 * sizeof(double) * (size_t)width);
  if (!work) return -1;
  const double tolerance = -1;  // LAPACK's own: width times the unit roundoff times the largest diagonal element
  int rank = 0, status = 0;
  blas.dpstrf("L", &width, a, &width, pivots, &rank, &tolerance, work, &status, 1);
  free(work);
  for (int i = 0; i < width; ++i) --pivots[i];
  return rank;
}

int clapack_singular_values(double *a, int rows, int columns, double *values) {
  // Read column by column, a is its own transpose, which has the same singular values.
  int least = rows < columns ? rows : columns, status = 0, one = 1, query = -1;
  double wanted = 0, unused = 0;
  int *places = malloc(8 * sizeof(int) * (size_t)least);
  if (!places) return -1000;
  blas.dgesdd("N", &columns, &rows, a, &columns, values, &unused, &one, &unused, &one, &wanted, &query, places, &status,
              1);
  int size = (int)wanted;
  double *work = malloc(sizeof(double) * (size_t)size);
  if (work && !status) {
    blas.dgesdd("N", &columns, &rows, a, &columns, values, &unused, &one, &unused, &one, work, &size, places, &status,
                1);
  }
  status = work ? status : -1000;
  free(work);
  free(places);
  return status;
}
