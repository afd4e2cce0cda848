import Foundation
import Testing

@testable import Adversaries

/// An elementwise function's values and derivatives.
private func evaluate(
  _ function: Divergence.Function, at x: [Double], precision: Precision = .double
) throws -> (values: [Double], slopes: [Double]) {
  let tape = Tape()
  let variable = tape.watch(Tensor(x, shape: [x.count, 1], on: try Device.cpu(precision: precision, threads: 1)))
  let y = function(variable)
  return (try y.scalars(), try gradient(of: y, wrt: [variable])[0].scalars())
}

private func expectClose(
  _ ours: [Double], _ theirs: [Double], at places: [Double], within tolerance: Double, _ what: String
) {
  for ((ours, theirs), place) in zip(zip(ours, theirs), places) {
    #expect(
      abs(ours - theirs) <= tolerance * max(1, abs(theirs)), "\(what) at \(place): \(ours), not \(theirs)")
  }
}

/// Parameters beside those of the table.
private let parameters = ["alpha-1.5", "alpha-2.0", "alpha--1.0", "alpha-0.3", "jensen-shannon-0.8"]

/// A row of the table, or one with a parameter beside it.
private func divergence(_ name: String) throws -> Divergence {
  let row = try #require(Divergence.named(name))
  #expect(row.name == name)
  return row
}

@Test func everyDivergenceIsPrinted() {
  #expect(Divergence.all.map(\.name) == PrintedDivergence.all.map(\.name))
  #expect(Divergence.named("pearson")?.summary == "(u - 1)^2" && Divergence.named("alpha-2")?.name == "alpha-2.0")
  for name in ["pearsons", "alpha", "alpha-", "alpha-1", "alpha-x", "jensen-shannon-2"] {
    #expect(Divergence.named(name) == nil)
  }
}

/// The table in double: every function, f' and the threshold, and Fenchel's equality from the tape's f'.
@Test(arguments: PrintedDivergence.all)
func divergencesAreTheirFormulas(printed: PrintedDivergence) throws {
  let row = try #require(Divergence.named(printed.name))
  // Not at 1 itself: total variation has a kink there, where the tape takes the middle.
  let u = (-40...40).map { exp(Double($0) / 10 + 0.003) }
  let f = try evaluate(row.f, at: u)
  expectClose(f.values, u.map(printed.f), at: u, within: 1e-6, "\(row.name): f")
  expectClose(f.slopes, u.map(printed.slope), at: u, within: 1e-6, "\(row.name): f'")
  let touching = try evaluate(row.conjugate, at: f.slopes).values
  let equality = zip(u, zip(f.values, f.slopes)).map { $0 * $1.1 - $1.0 }
  expectClose(touching, equality, at: u, within: 1e-6, "\(row.name): Fenchel's equality")

  let one = try evaluate(row.f, at: [1])
  #expect(abs(one.values[0] - row.minimum) < 1e-12 && abs(one.slopes[0] - printed.threshold) < 1e-12)
  #expect(abs(row.threshold - printed.threshold) < 1e-12)

  let v = (-40...40).map { Double($0) / 5 }
  let t = try evaluate(row.activation, at: v)
  expectClose(t.values, v.map(printed.activation), at: v, within: 1e-6, "\(row.name): g")
  expectClose(t.slopes, v.map(printed.activationSlope), at: v, within: 1e-6, "\(row.name): g'")
  let conjugate = try evaluate(row.conjugate, at: t.values).values
  expectClose(conjugate, t.values.map(printed.conjugate), at: v, within: 1e-6, "\(row.name): f*")
  let composed = try evaluate(row.composition, at: v)
  expectClose(composed.values, conjugate, at: v, within: 1e-6, "\(row.name): f* of g")
  expectClose(composed.slopes, v.map(printed.compositionSlope), at: v, within: 1e-6, "\(row.name): its derivative")
}

/// The conjugate as what it is by definition, the supremum of its lines over u >= 0, by brute force; parameters beside
/// those of the table, too.
@Test(arguments: Divergence.all.map(\.name) + parameters)
func conjugatesAreSuprema(name: String) throws {
  let row = try divergence(name)
  try row.check()
  let u = (-4000...4000).map { exp(Double($0) / 200) }
  let f = try evaluate(row.f, at: u).values
  let v = (-24...12).map { Double($0) / 4 }
  let t = try evaluate(row.activation, at: v).values
  let conjugate = try evaluate(row.conjugate, at: t).values
  for (t, conjugate) in zip(t, conjugate) {
    let supremum = zip(u, f).map { $0 * t - $1 }.max() ?? 0
    // The grid's neighbours are half a percent apart: what it misses is of second order.
    #expect(
      abs(conjugate - supremum) <= 1e-4 * max(1, abs(conjugate)), "\(row.name) at \(t): \(conjugate), \(supremum)")
  }
}

/// In float: never NaN up to 1e4, and the double's value and derivative to 1e-5 wherever float can hold them.
@Test(arguments: PrintedDivergence.all)
func floatsHoldWhatTheyCan(printed: PrintedDivergence) throws {
  let row = try #require(Divergence.named(printed.name))
  let magnitudes = (0...800).map { 1e-4 * pow(10, Double($0) / 100) }
  let dense = (0...3000).map { Double($0) / 30 }
  let v = (magnitudes + dense).flatMap { [$0, -$0] }.map { Double(Float($0)) }
  for (what, function, values, slopes) in [
    ("g", row.activation, printed.activation, printed.activationSlope),
    ("f* of g", row.composition, printed.composition, printed.compositionSlope),
  ] {
    let ours = try evaluate(function, at: v, precision: .single)
    for (part, ours, expected, magnitude) in [
      (what, ours.values, v.map(values), printed.magnitude), (what + "'", ours.slopes, v.map(slopes), 0),
    ] {
      // Each place's error in units of what is allowed; only the worst is told.
      let errors = zip(ours, expected).map { (ours: Double, expected: Double) -> Double in
        if abs(expected) > largest { return ours == (expected > 0 ? .infinity : -.infinity) ? 0 : .infinity }
        let scale = max(abs(expected), magnitude, 1e5 * Double(Float.leastNormalMagnitude))
        return ours.isNaN ? .infinity : abs(ours - expected) / (1e-5 * scale)
      }
      let worst = try #require(errors.indices.max { errors[$0] < errors[$1] })
      #expect(
        errors[worst] <= 1, "\(row.name): \(part) at \(v[worst]) is \(ours[worst]), not \(expected[worst])")
    }
  }
}

/// Other parameters: never NaN, and the value and derivative of the same row in double, to 1e-5 of the larger of 1 and
/// it.
@Test(arguments: parameters)
func parametersKeepTheirDigits(name: String) throws {
  let row = try divergence(name)
  let v = (-1000...1000).map { (step: Int) -> Double in
    let x = Double(step) / 10
    return Double(Float(x * abs(x)))
  }
  for function in [row.activation, row.composition] {
    let float = try evaluate(function, at: v, precision: .single)
    let double = try evaluate(function, at: v)
    for (ours, theirs) in [(float.values, double.values), (float.slopes, double.slopes)] {
      let errors = v.indices.map { i -> Double in
        // Where the value is infinite, its derivative may be.
        if max(abs(theirs[i]), abs(double.values[i])) > largest { return ours[i].isNaN ? .infinity : 0 }
        return ours[i].isNaN ? .infinity : abs(ours[i] - theirs[i]) / (1e-5 * max(1, abs(theirs[i])))
      }
      let worst = try #require(errors.indices.max { errors[$0] < errors[$1] })
      #expect(errors[worst] <= 1, "\(name) at \(v[worst]): \(ours[worst]), not \(theirs[worst])")
    }
  }
}

/// What float can hold, but for the last few units in the last place.
private let largest = 0.99999 * Double(Float.greatestFiniteMagnitude)

// MARK: - A user's own

/// A divergence that is wrong in one way, and what it is told: KL with parts of it replaced.
struct WrongDivergence: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var domain = -Double.infinity ... .infinity
  var f: Divergence.Function = { $0 * $0.logarithm() }
  var conjugate: Divergence.Function = { ($0 - 1).exponential() }
  var activation: Divergence.Function = { $0 }
  var composition: Divergence.Function?
  let message: String

  static let all = [
    WrongDivergence(
      testDescription: "the conjugate of another", conjugate: { $0.exponential() },
      message: "the divergence 'mine': the conjugate at t = f'(u) must be u t - f(u) (Fenchel's equality), but at u = "),
    WrongDivergence(
      testDescription: "a conjugate that is right only where it touches",
      f: { ($0 - 1).squared() },
      conjugate: { ($0 + 2).relu() * ($0 + 2).relu() * 0.25 + 3 * (-2 - $0).step() * $0 - 1 },
      message:
        "the divergence 'mine': the conjugate must not be below any u t - f(u) (the Fenchel-Young inequality), but"),
    WrongDivergence(
      testDescription: "an activation that falls", activation: { -$0 },
      message: "the divergence 'mine': the activation must rise, but is 10.0 at -10.0 and 9.75 at -9.75"),
    WrongDivergence(
      testDescription: "an activation that rests", activation: { $0.relu() },
      message: "the divergence 'mine': the activation must rise, but is 0.0 at -4.75 and 0.0 at -4.5"),
    WrongDivergence(
      testDescription: "an activation outside the domain", domain: -.infinity...0, f: { -$0.logarithm() },
      conjugate: { -1 - (-$0).logarithm() },
      message: "the divergence 'mine': the activation at 0.25 is 0.25, outside the conjugate's domain, -inf to 0.0"),
    WrongDivergence(
      testDescription: "a domain too small for f'", domain: -.infinity...0, activation: { -(-$0).softplus() },
      message: "the divergence 'mine': f' at "),
    WrongDivergence(
      testDescription: "a conjugate that is infinite", f: { -$0.logarithm() }, conjugate: { -1 - (-$0).logarithm() },
      message: "the conjugate of 'mine' must be finite, but is inf at 0.0"),
    WrongDivergence(
      testDescription: "f(1) is not 0", f: { $0 * $0.logarithm() + 1 }, conjugate: { ($0 - 1).exponential() - 1 },
      message: "the divergence 'mine': f(1) must be 0.0, but is 1.0: take it off f, or declare it as the minimum"),
    WrongDivergence(
      testDescription: "concave", f: { $0.logarithm() },
      message: "the divergence 'mine': f must be convex, but f' falls from "),
    WrongDivergence(
      testDescription: "another composition", composition: { $0.exponential() },
      message: "the divergence 'mine': the composition must be f*(g(v)) = "),
    WrongDivergence(
      testDescription: "not elementwise", f: { $0.summed() },
      message: "f of 'mine' must be elementwise, but makes shape []"),
  ]
}

@Test(arguments: WrongDivergence.all)
func wrongDivergencesAreRefused(row: WrongDivergence) throws {
  let error = try #require(throws: DivergenceError.self) {
    try Divergence(
      "mine", summary: "a test", domain: row.domain, f: row.f, conjugate: row.conjugate, activation: row.activation,
      composition: row.composition)
  }
  #expect(error.description.hasPrefix(row.message), "\(error.description)")
}

/// A right one of the user's own passes, and gets its threshold from f.
@Test func onesOwnDivergenceIsTaken() throws {
  // Pearson's with the activation e^v - 2 into the conjugate's rising part.
  let own = try Divergence(
    "own", summary: "(u - 1)^2", domain: -2 ... .infinity, f: { ($0 - 1).squared() },
    conjugate: { 0.25 * $0.squared() + $0 }, activation: { $0.exponential() - 2 })
  #expect(own.threshold == 0 && own.minimum == 0)
  let kl = try Divergence(
    "kl", summary: "u log u", f: { $0 * $0.logarithm() }, conjugate: { ($0 - 1).exponential() }, activation: { $0 })
  #expect(kl.threshold == 1)
  #expect(Objective.divergence(own, alternative: true).name == "fgan-own-alternative")
}

/// Numbers whose divergence single precision holds, and such as are too near 0 or 1.
@Test(arguments: [
  ("alpha-0.01", true), ("alpha-1.01", true), ("alpha-5", true), ("jensen-shannon-0.01", true),
  ("jensen-shannon-0.99", true), ("alpha-1e-7", false), ("alpha-1e-9", false),
])
func digitsAreChecked(name: String, isHeld: Bool) throws {
  let row = try #require(Divergence.named(name))
  if isHeld {
    try row.checkDigits()
  } else {
    #expect(throws: DivergenceError.self) { try row.checkDigits() }
  }
}

@Test func parametersThatAreNoneAreRefused() throws {
  for alpha in [0, 1, .nan, .infinity] {
    let error = try #require(throws: DivergenceError.self) { try Divergence.alpha(alpha) }
    #expect(error.description.hasSuffix("other than 0 ('reverse-kl') and 1 ('kl'), but is \(alpha)"))
  }
  for weight in [0, 1, -0.2, .nan] {
    let error = try #require(throws: DivergenceError.self) { try Divergence.jensenShannon(weight: weight) }
    #expect(error.description == "a Jensen-Shannon weight must lie between 0 and 1, but is \(weight)")
  }
}
