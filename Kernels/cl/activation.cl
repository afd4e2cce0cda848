// Activations and their gradients: one item is one element. Where the gradient can be told from the output, the output is what is
// kept. Comparisons are written so that a NaN is handed on: it is neither below a bound nor above it.
#define ACTIVATION(_) _(IN, x) _(OUT, y)
KERNEL(relu, ACTIVATION) { y[i] = x[i] <= 0 ? R(0.0) : x[i]; }
// min(max(x, 0), 6) (Howard et al. 2017).
KERNEL(relu6, ACTIVATION) { y[i] = x[i] <= 0 ? R(0.0) : (x[i] >= 6 ? R(6.0) : x[i]); }
KERNEL(tanh_forward, ACTIVATION) { y[i] = tanh_real(x[i]); }
KERNEL(sigmoid, ACTIVATION) { y[i] = sigmoid_real(x[i]); }
KERNEL(softplus, ACTIVATION) { y[i] = softplus_real(x[i]); }
// x sigmoid(x) (Ramachandran et al. 2017; SiLU).
KERNEL(swish, ACTIVATION) { y[i] = x[i] * sigmoid_real(x[i]); }
// x Phi(x), exactly (Hendrycks and Gimpel 2016): Phi(x) = (1 + erf(x / sqrt 2)) / 2.
KERNEL(gelu, ACTIVATION) { y[i] = x[i] * normal_cdf_real(x[i]); }
KERNEL(normal_cdf, ACTIVATION) { y[i] = normal_cdf_real(x[i]); }

#define LEAKY_RELU(_) _(IN, x) _(OUT, y) _(REAL, slope)
KERNEL(leaky_relu, LEAKY_RELU) { y[i] = x[i] > 0 ? x[i] : slope * x[i]; }
// alpha (e^x - 1) where x < 0 (Clevert et al. 2015).
#define ELU(_) _(IN, x) _(OUT, y) _(REAL, alpha)
KERNEL(elu, ELU) { y[i] = x[i] > 0 ? x[i] : alpha * expm1_real(x[i]); }

// Gradients with respect to the input; each is linear in dy.
#define GRADIENT(_) _(IN, dy) _(IN, y) _(OUT, dx)
KERNEL(relu_gradient, GRADIENT) { dx[i] = y[i] <= 0 ? R(0.0) : dy[i]; }
KERNEL(relu6_gradient, GRADIENT) { dx[i] = ((y[i] <= 0) | (y[i] >= 6)) ? R(0.0) : dy[i]; }
KERNEL(tanh_gradient, GRADIENT) { dx[i] = dy[i] * fma(-y[i], y[i], R(1.0)); }
KERNEL(sigmoid_gradient, GRADIENT) { dx[i] = dy[i] * (y[i] * (1 - y[i])); }
#define LEAKY_GRADIENT(_) _(IN, dy) _(IN, y) _(OUT, dx) _(REAL, slope)
KERNEL(leaky_relu_gradient, LEAKY_GRADIENT) { dx[i] = y[i] > 0 ? dy[i] : slope * dy[i]; }
// y + alpha = alpha e^x where x < 0.
#define ELU_GRADIENT(_) _(IN, dy) _(IN, y) _(OUT, dx) _(REAL, alpha)
KERNEL(elu_gradient, ELU_GRADIENT) { dx[i] = y[i] > 0 ? dy[i] : dy[i] * (y[i] + alpha); }

// y = y + b for y [rows][columns], in place; where limit is above 0, the sum is cut to 0 ... limit.
#define BIAS_ACTIVATION(_) _(IN, b) _(OUT, y) _(SIZE, rows) _(SIZE, columns) _(REAL, limit)
ROWWISE(bias_activation, BIAS_ACTIVATION) {
  const real sum = y[at] + b[c];
  y[at] = limit > 0 ? LIMITED(real, sum, limit) : sum;
}
