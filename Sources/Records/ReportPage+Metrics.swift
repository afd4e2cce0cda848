// Metrics of the generator, each under its protocol: two numbers under different protocols share no chart and no
// column.

extension Report {
  /// The evaluations of some runs under one protocol.
  private struct Method {
    let fields: [(name: String, value: String)]
    /// For each run, its evaluations in the order of their steps.
    var runs: [[Evaluation]]

    /// The metrics' names, in the order in which they first come.
    var names: [String] {
      runs.joined().flatMap { $0.values.map(\.name) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
  }

  private static func methods(of runs: [Run]) -> [Method] {
    var order: [[String]] = []
    var methods: [[String]: Method] = [:]
    for (place, run) in runs.enumerated() {
      for evaluation in run.evaluations.sorted(by: { $0.step < $1.step }) {
        let key = evaluation.method.map { $0.name + "=" + $0.value }.sorted()
        if methods[key] == nil { order.append(key) }
        methods[key, default: Method(fields: evaluation.method, runs: runs.map { _ in [] })].runs[place].append(
          evaluation)
      }
    }
    return order.compactMap { methods[$0] }
  }

  /// A section with, for each protocol, what it is, the latest numbers, and charts of what was measured twice or more.
  static func metrics(_ runs: [Run], _ drawings: inout [Drawing]) -> String {
    let methods = methods(of: runs)
    guard !methods.isEmpty else { return "" }
    let groups = ReportGroup.groups(of: runs)
    var content = ""
    for method in methods {
      let fields = method.fields.map { "<span>\(Markup.text($0)) <b>\(Markup.text($1))</b></span>" }
      var figures = ""
      for name in method.names {
        let curves = groups.enumerated().compactMap { colour, group -> ReportCurve? in
          let members = group.runs.compactMap { run in runs.firstIndex { $0.name == run.name } }
          let points = members.map { place in
            method.runs[place].compactMap { evaluation in
              evaluation.values.first { $0.name == name }.map {
                ReportCurve.Point(step: Double(evaluation.step), value: $0.value)
              }
            }
          }.filter { !$0.isEmpty }
          return points.isEmpty
            ? nil
            : ReportCurve(
              name: runs.count == 1 ? name : group.name, colour: colour, points: ReportCurve.mean(of: points))
        }
        guard curves.contains(where: { $0.points.count > 1 }) else { continue }
        figures += figure(
          Drawing(
            chart: ReportChart(name: "metrics", title: name, note: method.fields.first?.value ?? "", columns: []),
            curves: curves), &drawings)
      }
      content += """
        <div class="card"><h3>Latest numbers</h3><p class="method">\(fields.joined(separator: "\n"))</p>
        \(latest(method, runs))</div>
        \(figures.isEmpty ? "" : "<div class=\"grid\" style=\"margin-bottom:20px\">\n\(figures)</div>\n")
        """
    }
    return """
      <section><h2>Metrics</h2>
      <p class="soft">Each with all that it depends on; numbers measured in different ways are kept apart.</p>
      <div class="stack">
      \(content)</div></section>

      """
  }

  private static func latest(_ method: Method, _ runs: [Run]) -> String {
    let names = method.names
    func cells(_ values: (String) -> Evaluation.Value?) -> [String] {
      names.map { name in
        values(name).map { Markup.number($0.value) + ($0.standardDeviation.map { " ± " + Markup.number($0) } ?? "") }
          ?? "–"
      }
    }
    // The newest number of each metric: not every evaluation measures all.
    func newest(_ name: String, in evaluations: [Evaluation]) -> Evaluation.Value? {
      evaluations.last { $0.values.contains { $0.name == name } }?.values.first { $0.name == name }
    }
    var rows = zip(runs, method.runs).compactMap { run, evaluations -> [String]? in
      guard let last = evaluations.last else { return nil }
      return [Markup.text(run.name), Markup.count(last.step)] + cells { newest($0, in: evaluations) }
    }
    if let baseline = method.runs.joined().last(where: { !$0.baseline.isEmpty })?.baseline {
      rows.append(
        ["<span class=\"soft\">held-out images</span>", ""] + cells { name in baseline.first { $0.name == name } })
    }
    let all = method.runs.joined().flatMap(\.values)
    let heads = names.map { name in
      let better = all.first { $0.name == name }?.isBetterSmaller
      return Markup.text(name) + (better.map { $0 ? " ↓" : " ↑" } ?? "")
    }
    return Markup.table(["run", "step"] + heads, numbers: Set(1...names.count + 1), rows) + defects(method, runs)
  }

  /// What the last evaluation of each run found wrong.
  private static func defects(_ method: Method, _ runs: [Run]) -> String {
    let found = zip(runs, method.runs).flatMap { run, evaluations in
      (evaluations.last?.defects ?? []).map { runs.count == 1 ? $0 : "\(run.name): \($0)" }
    }
    guard !found.isEmpty else { return "" }
    return "<ul class=\"defects\">" + found.map { "<li>\(Markup.text($0))</li>" }.joined() + "</ul>\n"
  }
}
