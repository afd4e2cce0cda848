// Dense linear algebra in double through OpenBLAS, which is loaded when it is first needed.
//
// Matrices are row-major. The functions may be called where clapack_is_there returns 1, from several threads at once.
#ifndef CLAPACK_H
#define CLAPACK_H

#ifdef __cplusplus
extern "C" {
#endif

/// 1 where OpenBLAS (Debian's package libopenblas0-pthread) is installed.
int clapack_is_there(void);

/// c [rows][columns] = a [rows][depth] times the transpose of b [columns][depth]. BLAS: dgemm.
void clapack_product(const double *a, const double *b, double *c, int rows, int columns, int depth);

/// sum [width][width] += the transpose of x [rows][width] times x, on the diagonal and right of it. BLAS: dsyrk.
void clapack_add_gram(const double *x, double *sum, int rows, int width);

/// Cholesky's root of a symmetric, not negative matrix with complete pivoting: row k of `a` [width][width] becomes row k
/// of the upper root from its diagonal on, with columns in the order of `pivots` (counted from 0); what lies left of the
/// diagonal, and below row `rank`, is left undefined. Returns the rank, to rounding. LAPACK: dpstrf.
int clapack_root(double *a, int width, int *pivots);

/// The singular values of a [rows][columns], the largest first; `a` is destroyed. Returns 0, or what LAPACK's dgesdd
/// says, or -1000 without memory.
int clapack_singular_values(double *a, int rows, int columns, double *values);

#ifdef __cplusplus
}
#endif
#endif
