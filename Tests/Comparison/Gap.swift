/// The largest difference between two lists of numbers. It is infinite where they are not as long, or where a number is
/// NaN: `max()` would pass over that.
public func gap(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Double {
  var (a, b) = (a.makeIterator(), b.makeIterator())
  var largest = 0.0
  while true {
    switch (a.next(), b.next()) {
    case (nil, nil): return largest
    case (let x?, let y?): largest = x == y ? largest : abs(x - y) <= largest ? largest : abs(x - y)
    default: return .infinity
    }
    if largest.isNaN { return .infinity }
  }
}
