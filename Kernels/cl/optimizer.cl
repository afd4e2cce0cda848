// Optimizer updates over flat buffers: one item is one parameter. Each comes alone and with the moving average of the weights, which
// costs no launch of its own: average += (1 - decay) (w - average).
//
// Moments below 2^-100 are stored as 0 (rule 8): they would sit in the denormals, and cost thirty times as much.
FN real kept(real moment) { return moment < R(0x1p-100) && moment > R(-0x1p-100) ? R(0.0) : moment; }

#define AVERAGE(_) _(OUT, average) _(REAL, decay)
#define UPDATE(name, SIG)                                                                                          \
  FN void name##_step(SIG(I) const index i);                                                                       \
  KERNEL(name, SIG) { name##_step(SIG(PASS) i); }                                                                  \
  KERNEL(name##_averaged, SIG##_AVERAGED) {                                                                        \
    name##_step(SIG(PASS) i);                                                                                      \
    average[i] = fma(decay, average[i] - w[i], w[i]);                                                              \
  }                                                                                                                \
  FN void name##_step(SIG(I) const index i)

// v = momentum v + g; w -= rate v (Sutskever et al. 2013, as PyTorch writes it).
#define SGD(_) _(OUT, w) _(IN, g) _(OUT, v) _(REAL, rate) _(REAL, momentum) _(REAL, weight_decay)
#define SGD_AVERAGED(_) SGD(_) AVERAGE(_)
UPDATE(sgd, SGD) {
  const real velocity = kept(fma(momentum, v[i], fma(weight_decay, w[i], g[i])));
  v[i] = velocity;
  w[i] = fma(-rate, velocity, w[i]);
}

// s = decay s + (1 - decay) g^2; v = momentum v + g / (sqrt(s) + epsilon); w -= rate v (Tieleman and Hinton 2012).
#define RMSPROP(_)                                                                                                 \
  _(OUT, w) _(IN, g) _(OUT, v) _(OUT, s) _(REAL, rate) _(REAL, momentum) _(REAL, alpha) _(REAL, beta)                 \
  _(REAL, epsilon) _(REAL, weight_decay)
#define RMSPROP_AVERAGED(_) RMSPROP(_) AVERAGE(_)
UPDATE(rmsprop, RMSPROP) {
  const real slope = fma(weight_decay, w[i], g[i]);
  const real square = kept(fma(alpha, s[i], beta * (slope * slope))); // beta = 1 - alpha
  const real velocity = kept(fma(momentum, v[i], slope / (SQRT(square) + epsilon)));
  s[i] = square;
  v[i] = velocity;
  w[i] = fma(-rate, velocity, w[i]);
}

// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w = shrink w - rate m / (sqrt(v) / root + epsilon) (Kingma and Ba 2015).
// The host folds the bias corrections into rate = learning rate / (1 - beta1^t) and root = sqrt(1 - beta2^t). weight_decay is the L2
// kind; AdamW (Loshchilov and Hutter 2019) sets it to 0 and shrinks by 1 - learning rate * decay.
#define ADAM(_)                                                                                                    \
  _(OUT, w) _(IN, g) _(OUT, m) _(OUT, v) _(REAL, rate) _(REAL, beta1) _(REAL, rest1) _(REAL, beta2) _(REAL, rest2)    \
  _(REAL, root) _(REAL, epsilon) _(REAL, weight_decay) _(REAL, shrink)
#define ADAM_AVERAGED(_) ADAM(_) AVERAGE(_)
UPDATE(adam, ADAM) {
  const real slope = fma(weight_decay, w[i], g[i]);
  const real first = kept(fma(beta1, m[i], rest1 * slope)); // rest = 1 - beta
  const real second = kept(fma(beta2, v[i], rest2 * (slope * slope)));
  m[i] = first;
  v[i] = second;
  w[i] = fma(-rate, first / (SQRT(second) / root + epsilon), shrink * w[i]);
}

// Weight clipping (Arjovsky et al. 2017).
#define CLIP(_) _(OUT, w) _(REAL, limit)
KERNEL(clip_weights, CLIP) { w[i] = w[i] > limit ? limit : (w[i] < -limit ? -limit : w[i]); }

// y += rate (factor x - y), the factor being 1 for the first `plain` elements: running statistics.
#define TOWARDS(_) _(OUT, y) _(IN, x) _(REAL, rate) _(REAL, factor) _(SIZE, plain)
KERNEL(move_towards, TOWARDS) { y[i] = fma(rate, fma(i < plain ? R(1.0) : factor, x[i], -y[i]), y[i]); }
