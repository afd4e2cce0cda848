// Compares the elementary functions of Kernels/cl/elementary*.h with double precision, in units in the last place (ulp),
// and every host build with the first, in bits. Usage: sweep [FUNCTION | all] [STRIDE] [THREADS]; tools/accuracy/run
// builds it.
#define _XOPEN_SOURCE 700
#include "../../Kernels/include/kernels.h"
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK = 1 << 14, BUILDS = 3, THREADS_MOST = 64 };

static float real_of(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
static uint32_t bits_of(float x) { uint32_t bits; memcpy(&bits, &x, 4); return bits; }

// The references: glibc's double functions, which are within 1 double ulp, and forms that lose nothing to cancellation.
static double sigmoid(double x, float y) { (void)y; return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double softplus(double x, float y) { (void)y; return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }
// Ours of -0 is +0.
static double expm1_double(double x, float y) { (void)y; return x == 0 ? 0 : expm1(x); }
#define LIBM(name) static double name##_double(double x, float y) { (void)y; return name(x); }
LIBM(exp) LIBM(log) LIBM(tanh) LIBM(erf) LIBM(sin) LIBM(cos)
// The quantile that two steps of Halley's method reach from y, by the distribution function alone; a y that is far off
// shows as a large error.
static double inverse_normal(double u, float y) {
  if (!(u > 0 && u < 1)) return NAN;
  double z = y;
  for (int step = 0; step < 2; ++step) {
    const double t = z * M_SQRT1_2, q = u - 0.5;
    const double excess = fabs(q) < 0.25 ? 0.5 * erf(t) - q : u < 0.5 ? 0.5 * erfc(-t) - u : (1 - u) - 0.5 * erfc(t);
    const double newton = excess * sqrt(2 * M_PI) * exp(z * z / 2);
    z -= newton / (1 + z * newton / 2);
  }
  return z;
}

typedef struct {
  const char *name;
  double (*reference)(double x, float y); // null: pow, which takes pairs
  double bound;                           // ulp
} Function;
static const Function functions[] = {
    {"exp", exp_double, 2},   {"log", log_double, 2}, {"tanh", tanh_double, 2}, {"sigmoid", sigmoid, 2},
    {"softplus", softplus, 2}, {"erf", erf_double, 2}, {"sin", sin_double, 2},   {"cos", cos_double, 2},
    {"expm1", expm1_double, 4}, {"inverse_normal", inverse_normal, 4}, {"pow", NULL, 4},
};

typedef struct {
  const Function *function;
  const KernelEntry *builds[BUILDS]; // the processor's own first
  uint64_t stride, thread, threads;
  // found
  uint64_t count, different;
  double worst;
  float worst_x, worst_y, worst_result;
} Sweep;

// The distance of y from the exact value in ulp of that value; infinite where y is of the wrong kind (NaN, infinite) or
// a zero of the wrong sign.
static double ulps(float y, double exact) {
  const float rounded = (float)exact;
  if (isnan(exact) || isnan(y)) return isnan(exact) && isnan(y) ? 0 : INFINITY;
  if (isinf(rounded) || isinf(y)) return rounded == y ? 0 : INFINITY;
  if (exact == 0) return y == 0 && signbit(y) == signbit(exact) ? 0 : INFINITY;
  int exponent;
  frexp(exact, &exponent);
  return fabs((double)y - exact) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static void compare(Sweep *sweep, const float *x, const float *y, uint64_t count) {
  static _Thread_local float results[BUILDS][CHUNK];
  const bool pairs = sweep->function->reference == NULL;
  for (int build = 0; build < BUILDS; ++build) {
    if (sweep->builds[build] == NULL) continue;
    KernelArgument arguments[3] = {{.pointer = (void *)x}, {.pointer = (void *)y}, {.pointer = results[build]}};
    if (!pairs) arguments[1] = arguments[2];
    sweep->builds[build]->run(arguments, 0, count);
    for (uint64_t i = 0; build > 0 && i < count; ++i)
      sweep->different += bits_of(results[build][i]) != bits_of(results[0][i]) &&
                          !(isnan(results[build][i]) && isnan(results[0][i]));
  }
  for (uint64_t i = 0; i < count; ++i) {
    const float result = results[0][i];
    const double exact = pairs ? pow(x[i], y[i]) : sweep->function->reference(x[i], result);
    const double error = ulps(result, exact);
    if (error > sweep->worst) {
      sweep->worst = error;
      sweep->worst_x = x[i], sweep->worst_y = y[i], sweep->worst_result = result;
    }
  }
  sweep->count += count;
}

// Taken by every sweep; pow takes all their pairs.
static const float special[] = {
    0.0f,     -0.0f,           0x1p-149f,       -0x1p-149f,    0x1p-126f,      -0x1p-126f,       0x1.fffffep-1f,
    0.5f,     -0.5f,           1.0f,            -1.0f,         1.5f,           -1.5f,            -0x1.fffffep-1f,
    2.0f,     -2.0f,           3.0f,            -3.0f,         16777215.0f,    -16777215.0f,     0x1.000002p0f,
    0x1p24f,  -0x1p24f,        INFINITY,        -INFINITY,     0x1.fffffep127f, -0x1.fffffep127f, -0x1.000002p0f,
    NAN};
enum { SPECIAL = sizeof special / sizeof *special };

static uint64_t next_random(uint64_t *state) { // splitmix64
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Pairs of four kinds in turn: any bits; any x > 0, or x near 1, with a result between 2^-152 and 2^130; x < 0 with a
// whole y.
static void random_pairs(uint64_t *state, float *x, float *y) {
  for (int i = 0; i < CHUNK; ++i) {
    const uint64_t random = next_random(state);
    const double exponent = -152 + 282 * 0x1p-32 * (double)(random >> 32);
    x[i] = real_of((uint32_t)random);
    y[i] = real_of((uint32_t)(random >> 32));
    if (i % 4 == 1) x[i] = fabsf(x[i]);
    if (i % 4 == 2) x[i] = real_of((uint32_t)random % 0x01000000 + 0x3f000000);
    if (i % 4 == 1 || i % 4 == 2) y[i] = (float)(exponent / log2(x[i]));
    if (i % 4 == 3) x[i] = -fabsf(x[i]), y[i] = rintf((float)(exponent / log2(fabs(x[i]))));
  }
}

static void *run(void *argument) {
  Sweep *sweep = argument;
  static _Thread_local float x[CHUNK], y[CHUNK];
  kernel_enter_floating_point_mode();
  if (sweep->function->reference == NULL) {
    for (int i = 0; i < SPECIAL * SPECIAL; ++i) x[i] = special[i / SPECIAL], y[i] = special[i % SPECIAL];
    compare(sweep, x, y, SPECIAL * SPECIAL);
    uint64_t state = sweep->thread << 32;
    for (uint64_t done = 0; done < (1ull << 32) / sweep->stride; done += CHUNK * sweep->threads) {
      random_pairs(&state, x, y);
      compare(sweep, x, y, CHUNK);
    }
    return NULL;
  }
  compare(sweep, special, special, SPECIAL);
  const uint64_t step = CHUNK * sweep->stride;
  for (uint64_t begin = sweep->thread * step; begin < 1ull << 32; begin += step * sweep->threads) {
    uint64_t count = 0;
    for (uint64_t bits = begin; count < CHUNK && bits < 1ull << 32; bits += sweep->stride)
      x[count++] = real_of((uint32_t)bits);
    compare(sweep, x, x, count);
  }
  return NULL;
}

// Bytes read and written a second by one thread, in cache.
static double throughput(const KernelEntry *entry, int inputs) {
  static float x[CHUNK], y[CHUNK], z[CHUNK];
  for (int i = 0; i < CHUNK; ++i) x[i] = y[i] = (float)(i + 1) / (CHUNK + 1);
  KernelArgument arguments[3] = {{.pointer = x}, {.pointer = inputs == 2 ? y : z}, {.pointer = z}};
  double best = INFINITY;
  for (int trial = 0; trial < 5; ++trial) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int repeat = 0; repeat < 100; ++repeat) entry->run(arguments, 0, CHUNK);
    clock_gettime(CLOCK_MONOTONIC, &end);
    best = fmin(best, (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
  }
  return 100.0 * CHUNK * (inputs + 1) * sizeof(float) / best;
}

static const KernelEntry *find(const char *function, const char *isa) {
  char kernel[64];
  snprintf(kernel, sizeof kernel, "%s_check", function);
  size_t count;
  const KernelEntry *entries = kernel_entries(&count);
  for (size_t i = 0; i < count; ++i)
    if (!strcmp(entries[i].name, kernel) && !strcmp(entries[i].isa, isa) && !strcmp(entries[i].precision, "float"))
      return &entries[i];
  return NULL;
}

// True when the function keeps its bound and all builds agree.
static bool check(const Function *function, uint64_t stride, uint64_t threads) {
  const char *native = kernel_native_isa();
  Sweep sweeps[THREADS_MOST], total = {.function = function, .stride = stride, .threads = threads};
  total.builds[0] = find(function->name, native);
  if (total.builds[0] == NULL) {
    fprintf(stderr, "There is no kernel %s_check for %s: add it to Kernels/cl/elementary.cl.\n", function->name, native);
    return false;
  }
  if (!strcmp(native, "avx512")) total.builds[1] = find(function->name, "avx2");
  if (strcmp(native, "baseline")) total.builds[2] = find(function->name, "baseline");
  pthread_t workers[THREADS_MOST];
  for (uint64_t i = 0; i < threads; ++i) {
    sweeps[i] = total;
    sweeps[i].thread = i;
    if (pthread_create(&workers[i], NULL, run, &sweeps[i]) != 0) {
      fprintf(stderr, "Thread %llu did not start: ask for fewer.\n", (unsigned long long)i);
      exit(1);
    }
  }
  for (uint64_t i = 0; i < threads; ++i) {
    pthread_join(workers[i], NULL);
    total.count += sweeps[i].count;
    total.different += sweeps[i].different;
    if (sweeps[i].worst <= total.worst) continue;
    total.worst = sweeps[i].worst;
    total.worst_x = sweeps[i].worst_x, total.worst_y = sweeps[i].worst_y, total.worst_result = sweeps[i].worst_result;
  }
  const bool good = total.worst <= function->bound && total.different == 0;
  char at[96];
  snprintf(at, sizeof at, function->reference == NULL ? "x = %a, y = %a" : "x = %a", total.worst_x, total.worst_y);
  printf("%-14s %10llu values  %.4f ulp (bound %g) at %s -> %a  %llu bits apart  %.1f GB/s%s\n", function->name,
         (unsigned long long)total.count, total.worst, function->bound, at, total.worst_result,
         (unsigned long long)total.different, 1e-9 * throughput(total.builds[0], function->reference == NULL ? 2 : 1),
         good ? "" : "  FAILED");
  fflush(stdout);
  return good;
}

int main(int count, char **arguments) {
  const char *name = count > 1 ? arguments[1] : "all";
  const uint64_t stride = count > 2 ? strtoull(arguments[2], NULL, 10) : 397;
  const uint64_t threads = count > 3 ? strtoull(arguments[3], NULL, 10) : 2;
  if (stride == 0 || stride > 1 << 20 || threads == 0 || threads > THREADS_MOST) {
    fprintf(stderr, "STRIDE is a whole number from 1 to %d, THREADS one from 1 to %d.\n", 1 << 20, THREADS_MOST);
    return 2;
  }
  bool good = true, found = false;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    if (strcmp(name, "all") && strcmp(name, functions[i].name)) continue;
    found = true;
    good &= check(&functions[i], stride, threads);
  }
  if (!found) {
    fprintf(stderr, "There is no function %s; the names are all", name);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) fprintf(stderr, ", %s", functions[i].name);
    fprintf(stderr, ".\n");
    return 2;
  }
  return good ? 0 : 1;
}
