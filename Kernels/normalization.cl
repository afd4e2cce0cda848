// Batch normalization of x [rows][columns], statistics over the rows (Ioffe and Szegedy 2015).
//
// moments is [2][columns]: mean, biased variance. Both are sums of columns in the order of patterns.h, the second about the first.
// y = (x - mean) scale + beta with scale = gamma / sqrt(variance + epsilon).

#define SUM_DEVIATIONS(_) _(IN, x) _(IN, mean) _(OUT, partial) _(SIZE, length) _(SIZE, inner)
#define DEVIATION(V, AT) const V d = AT(x, at) - AT(mean, column); sum = fma(d, d, sum);
COLUMN_SUMS(sum_deviations, SUM_DEVIATIONS, DEVIATION)

#define SUM_PRODUCTS(_) _(IN, dy) _(IN, x) _(IN, mean) _(OUT, partial) _(SIZE, length) _(SIZE, inner)
#define PRODUCT(V, AT) sum = fma(AT(dy, at), AT(x, at) - AT(mean, column), sum);
COLUMN_SUMS(sum_products, SUM_PRODUCTS, PRODUCT)

#define SCALE(_) _(IN, moments) _(IN, gamma) _(OUT, scale) _(SIZE, columns) _(REAL, epsilon)
KERNEL(normalization_scale, SCALE) { scale[i] = gamma[i] / SQRT(moments[columns + i] + epsilon); }

#define NORMALIZE(_) _(IN, x) _(IN, moments) _(IN, scale) _(IN, beta) _(OUT, y) _(SIZE, rows) _(SIZE, columns)
ROWWISE(normalize_columns, NORMALIZE) { y[at] = fma(x[at] - moments[c], scale[c], beta[c]); }

// dx = scale (dy - mean of dy - (x - mean) slope), slope = mean of dy (x - mean) / (variance + epsilon), with the sums of dy and of
// dy (x - mean) in sums [2][columns]. coefficients is [3][columns]: mean of dy, slope, scale.
#define COEFFICIENTS(_)                                                                                            \
  _(IN, moments) _(IN, gamma) _(IN, sums) _(OUT, coefficients) _(SIZE, rows) _(SIZE, columns) _(REAL, epsilon)
KERNEL(normalization_coefficients, COEFFICIENTS) {
  const real variance = moments[columns + i] + epsilon, share = 1 / (real)rows;
  coefficients[i] = sums[i] * share;
  coefficients[columns + i] = sums[columns + i] * share / variance;
  coefficients[2 * columns + i] = gamma[i] / SQRT(variance);
}
#define NORMALIZE_GRADIENT(_)                                                                                      \
  _(IN, dy) _(IN, x) _(IN, moments) _(IN, coefficients) _(OUT, dx) _(SIZE, rows) _(SIZE, columns)
ROWWISE(normalize_gradient, NORMALIZE_GRADIENT) {
  const real centred = dy[at] - coefficients[c];
  dx[at] = coefficients[2 * columns + c] * fma(moments[c] - x[at], coefficients[columns + c], centred);
}

// d gamma = sum of dy (x - mean) / sqrt(variance + epsilon).
#define GAMMA_GRADIENT(_) _(IN, moments) _(IN, products) _(OUT, dgamma) _(SIZE, columns) _(REAL, epsilon)
KERNEL(gamma_gradient, GAMMA_GRADIENT) { dgamma[i] = products[i] / SQRT(moments[columns + i] + epsilon); }
