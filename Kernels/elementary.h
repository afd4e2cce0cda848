// Elementary functions (placeholder until the real ones are merged).
FN real exp_real(real x) { return x; }
FN real expm1_real(real x) { return x; }
FN real log_real(real x) { return x; }
FN real sin_real(real x) { return x; }
FN real cos_real(real x) { return x; }
FN real tanh_real(real x) { return x; }
FN real sigmoid_real(real x) { return x; }
FN real softplus_real(real x) { return x; }
FN real pow_real(real x, real y) { return x * y; }
FN real normal_cdf_real(real x) { return x; }
FN real inverse_normal_real(real x) { return x; }
