// Batch normalization of x [rows][columns], statistics over the rows (Ioffe and Szegedy 2015), and the activation after it.
//
// moments is [2][columns]: mean, biased variance. Both are sums of columns in the order of patterns.h, the second about the first.
// y = f(z), z = (x - mean) scale + beta with scale = gamma / sqrt(variance + epsilon); f(z) = z where z > 0, else
// negative_slope z: 1 is no activation, 0 is ReLU. The gradients compute z again, so that nobody keeps it.

#define SUM_DEVIATIONS(_) _(IN, x) _(IN, mean) _(OUT, partial) _(SIZE, length) _(SIZE, inner)
#define DEVIATION(V, AT) const V d = AT(x, at) - AT(mean, column); sum[0] = fma(d, d, sum[0]);
COLUMN_SUMS(sum_deviations, SUM_DEVIATIONS, 1, DEVIATION)

// Of each group of a batch: moments is [groups][2][columns], scale [groups][columns].
#define SCALE(_) _(IN, moments) _(IN, gamma) _(OUT, scale) _(SIZE, columns) _(REAL, epsilon)
KERNEL(normalization_scale, SCALE) {
  scale[i] = gamma[i % columns] / SQRT(moments[i + (i / columns + 1) * columns] + epsilon);
}

#define NORMALIZE(_) _(IN, x) _(IN, moments) _(IN, scale) _(IN, beta) _(OUT, y) _(SIZE, rows) _(SIZE, columns) _(REAL, negative_slope)
ROWWISE(normalize_columns, NORMALIZE) {
  const real z = fma(x[at] - moments[c], scale[c], beta[c]);
  y[at] = z > 0 ? z : negative_slope * z;
}

// The sums of dz = f'(z) dy and of dz (x - mean).
#define SUM_GRADIENTS(_)                                                                                           \
  _(IN, dy) _(IN, x) _(IN, moments) _(IN, scale) _(IN, beta) _(OUT, partial) _(SIZE, length) _(SIZE, inner) _(REAL, negative_slope)
#define GRADIENT_TERMS(V, AT)                                                                                      \
  const V centred = AT(x, at) - AT(moments, column), slope = AT(dy, at);                                           \
  const V dz = fma(centred, AT(scale, column), AT(beta, column)) > (V)0 ? slope : negative_slope * slope;                    \
  sum[0] += dz;                                                                                                    \
  sum[1] = fma(dz, centred, sum[1]);
COLUMN_SUMS(sum_normalization_gradients, SUM_GRADIENTS, 2, GRADIENT_TERMS)

// dx = scale (dz - mean of dz - (x - mean) slope), slope = mean of dz (x - mean) / (variance + epsilon), with the sums of dz and of
// dz (x - mean) in sums [2][columns]. coefficients is [3][columns]: mean of dz, slope, scale.
#define COEFFICIENTS(_)                                                                                            \
  _(IN, moments) _(IN, gamma) _(IN, sums) _(OUT, coefficients) _(SIZE, rows) _(SIZE, columns) _(REAL, epsilon)
KERNEL(normalization_coefficients, COEFFICIENTS) {
  const real variance = moments[columns + i] + epsilon, share = 1 / (real)rows;
  coefficients[i] = sums[i] * share;
  coefficients[columns + i] = sums[columns + i] * share / variance;
  coefficients[2 * columns + i] = gamma[i] / SQRT(variance);
}
#define NORMALIZE_GRADIENT(_)                                                                                      \
  _(IN, dy) _(IN, x) _(IN, moments) _(IN, coefficients) _(IN, beta) _(OUT, dx) _(SIZE, rows) _(SIZE, columns) _(REAL, negative_slope)
ROWWISE(normalize_gradient, NORMALIZE_GRADIENT) {
  const real centred = x[at] - moments[c], scale = coefficients[2 * columns + c], slope = dy[at];
  const real dz = fma(centred, scale, beta[c]) > 0 ? slope : negative_slope * slope;
  dx[at] = scale * fma(-centred, coefficients[columns + c], dz - coefficients[c]);
}

// d beta = sum over the batch's groups of the sum of dz; sums is [groups][2][columns].
#define BETA_GRADIENT(_) _(IN, sums) _(OUT, dbeta) _(SIZE, columns) _(UINT, groups)
KERNEL(beta_gradient, BETA_GRADIENT) {
  real sum = 0;
  for (index p = 0; p < 2 * groups; p += 2) sum += sums[p * columns + i];
  dbeta[i] = sum;
}

// d gamma = sum over the batch's groups of (sum of dz (x - mean)) / sqrt(variance + epsilon); moments and sums are [groups][2][columns].
#define GAMMA_GRADIENT(_) _(IN, moments) _(IN, sums) _(OUT, dgamma) _(SIZE, columns) _(UINT, groups) _(REAL, epsilon)
KERNEL(gamma_gradient, GAMMA_GRADIENT) {
  real sum = 0;
  for (index p = 1; p < 2 * groups; p += 2) sum += sums[p * columns + i] / SQRT(moments[p * columns + i] + epsilon);
  dgamma[i] = sum;
}
