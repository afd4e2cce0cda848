import Glibc

extension Divergence {
  /// Checks in double that f, its conjugate and the activation belong together: f(1) and f'(1), f's convexity, the
  /// activation's rise and range, a finite conjugate, Fenchel's equality `f*(f'(u)) = u f'(u) - f(u)`, the
  /// Fenchel-Young inequality `f*(t) >= u t - f(u)`, and the composition `f*(g(v))`, for u from 1e-3 to 1e3 and v from
  /// -10 to 10.
  ///
  /// - Throws: `DivergenceError` for the first that fails, or what the processor throws as a device.
  public func check() throws {
    let u = (-30...30).map { exp(Double($0) / 10 * log(10)) }
    let v = (-40...40).map { Double($0) / 4 }
    let f = try values(of: f, at: u, called: "f")
    let slope = try Self.slopes(of: self.f, at: u, called: "f of '\(name)'")
    try checkValueAndConvexity(u, f, slope)

    let t = try values(of: activation, at: v, called: "activation")
    for (i, next) in zip(v.indices, v.indices.dropFirst()) where t[next] < t[i] || (t[next] == t[i] && abs(v[i]) < 5) {
      throw error("the activation must rise, but is \(t[i]) at \(v[i]) and \(t[next]) at \(v[next])")
    }
    for (value, place, what) in zip3(t, v, "the activation at") + zip3(slope, u, "f' at")
    where !domain.contains(value) {
      throw error(
        "\(what) \(place) is \(value), outside the conjugate's domain, \(domain.lowerBound) to \(domain.upperBound)")
    }
    try checkConjugate(u: u, f: f, slope: slope, t: t)

    let composed = try values(of: composition, at: v, called: "composition")
    for (i, expected) in try values(of: conjugate, at: t, called: "conjugate").enumerated()
    where !(abs(composed[i] - expected) <= Self.tolerance * max(1, abs(expected))) {
      throw error("the composition must be f*(g(v)) = \(expected) at v = \(v[i]), but is \(composed[i])")
    }
  }

  /// Checks that training, which is in single precision, sees nearly the numbers that `check` sees: g(v) and f*(g(v))
  /// for v from -10 to 10 are within 1e-3 of those in double, relative to the larger of 1 and them. A family's number
  /// can be so near an excluded one that what is left of a difference has no digits.
  ///
  /// - Throws: `DivergenceError` for the first that fails, or what the processor throws as a device.
  public func checkDigits() throws {
    let v = (-40...40).map { Double($0) / 4 }
    for (function, what) in [(activation, "activation"), (composition, "composition")] {
      let exact = try values(of: function, at: v, called: what)
      for (i, value) in try values(of: function, at: v, called: what, in: .single).enumerated()
      where !(abs(value - exact[i]) <= 1e-3 * max(1, abs(exact[i]))) {
        throw error("in single precision the \(what) at \(v[i]) is \(value), not \(exact[i])")
      }
    }
  }

  /// Of the larger of 1 and the numbers compared.
  private static let tolerance = 1e-6

  private func checkValueAndConvexity(_ u: [Double], _ f: [Double], _ slope: [Double]) throws {
    let atOne = try values(of: self.f, at: [1], called: "f")[0]
    guard abs(atOne - minimum) <= Self.tolerance else {
      throw error("f(1) must be \(minimum), but is \(atOne): take it off f, or declare it as the minimum")
    }
    for (i, next) in zip(u.indices, u.indices.dropFirst()) {
      guard slope[next] >= slope[i] - Self.tolerance * abs(slope[i]) else {
        throw error("f must be convex, but f' falls from \(slope[i]) at \(u[i]) to \(slope[next]) at \(u[next])")
      }
    }
  }

  private func checkConjugate(u: [Double], f: [Double], slope: [Double], t: [Double]) throws {
    let touching = try values(of: conjugate, at: slope, called: "conjugate")
    for i in u.indices {
      let expected = u[i] * slope[i] - f[i]
      guard abs(touching[i] - expected) <= Self.tolerance * max(1, abs(u[i] * slope[i]), abs(f[i])) else {
        throw error(
          "the conjugate at t = f'(u) must be u t - f(u) (Fenchel's equality), but at u = \(u[i]), t = \(slope[i]) it is "
            + "\(touching[i]), not \(expected)")
      }
    }
    for (t, conjugate) in zip(t, try values(of: conjugate, at: t, called: "conjugate")) {
      for (u, f) in zip(u, f) where conjugate < u * t - f - Self.tolerance * max(1, abs(u * t), abs(f)) {
        throw error(
          "the conjugate must not be below any u t - f(u) (the Fenchel-Young inequality), but at t = \(t) it is \(conjugate), "
            + "below \(u * t - f) at u = \(u)")
      }
    }
  }

  private func zip3(_ values: [Double], _ places: [Double], _ what: String) -> [(Double, Double, String)] {
    zip(values, places).map { ($0, $1, what) }
  }

  private func error(_ sentence: String) -> DivergenceError {
    DivergenceError(description: "the divergence '\(name)': \(sentence)")
  }

  /// A function's finite values.
  private func values(
    of function: Function, at x: [Double], called what: String, in precision: Precision = .double
  ) throws -> [Double] {
    try Self.finite(
      function(Tensor(x, shape: [x.count], on: Device.cpu(precision: precision, threads: 1))), at: x,
      called: "the \(what) of '\(name)'")
  }

  /// A function's finite derivatives in double, by the tape.
  static func slopes(of function: Function, at x: [Double], called what: String) throws -> [Double] {
    let tape = Tape()
    let variable = tape.watch(Tensor(x, shape: [x.count], on: try Device.cpu(precision: .double, threads: 1)))
    let y = function(variable)
    _ = try finite(y, at: x, called: what)
    // A function that ignores its argument is on no tape.
    let onTape = y + 0 * variable
    return try finite(gradient(of: onTape, wrt: [variable])[0], at: x, called: "the derivative of \(what)")
  }

  private static func finite(_ y: Tensor, at x: [Double], called what: String) throws -> [Double] {
    guard y.shape == [x.count] else {
      throw DivergenceError(description: "\(what) must be elementwise, but makes shape \(y.shape) of \([x.count])")
    }
    let values: [Double] = try y.scalars()
    for (x, value) in zip(x, values) where !value.isFinite {
      throw DivergenceError(description: "\(what) must be finite, but is \(value) at \(x)")
    }
    return values
  }
}
