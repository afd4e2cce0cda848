// The elementary functions one by one, so that tests can sweep them on any device.
#define CHECK(_) _(IN, x) _(OUT, y)
KERNEL(exp_check, CHECK) { y[i] = exp_real(x[i]); }
KERNEL(expm1_check, CHECK) { y[i] = expm1_real(x[i]); }
KERNEL(log_check, CHECK) { y[i] = log_real(x[i]); }
KERNEL(tanh_check, CHECK) { y[i] = tanh_real(x[i]); }
KERNEL(sigmoid_check, CHECK) { y[i] = sigmoid_real(x[i]); }
KERNEL(softplus_check, CHECK) { y[i] = softplus_real(x[i]); }
KERNEL(erf_check, CHECK) { y[i] = erf_real(x[i]); }
KERNEL(sin_check, CHECK) { y[i] = sin_real(x[i]); }
KERNEL(cos_check, CHECK) { y[i] = cos_real(x[i]); }
KERNEL(inverse_normal_check, CHECK) { y[i] = inverse_normal_real(x[i]); }

#define PAIR_CHECK(_) _(IN, x) _(IN, y) _(OUT, z)
KERNEL(pow_check, PAIR_CHECK) { z[i] = pow_real(x[i], y[i]); }
