// Fused losses on logits: one item is one element.
// -(t log sigmoid(x) + (1 - t) log(1 - sigmoid(x))) = softplus(x) - t x, free of overflow.
#define CROSS_ENTROPY(_) _(IN, x) _(OUT, y) _(REAL, target)
KERNEL(cross_entropy, CROSS_ENTROPY) {
  // For t = 1 the difference would cancel for large x; softplus(-x) is the same number without.
  y[i] = target == 1 ? softplus_real(-x[i]) : fma(-target, x[i], softplus_real(x[i]));
}
// Its derivative times dy: sigmoid(x) - t.
#define CROSS_ENTROPY_GRADIENT(_) _(IN, dy) _(IN, x) _(OUT, dx) _(REAL, target)
KERNEL(cross_entropy_gradient, CROSS_ENTROPY_GRADIENT) {
  dx[i] = dy[i] * (target == 1 ? -sigmoid_real(-x[i]) : sigmoid_real(x[i]) - target);
}
