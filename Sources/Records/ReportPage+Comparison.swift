// Several runs on one page.

extension Report {
  func comparison(_ drawings: inout [Drawing]) -> String {
    let groups = ReportGroup.groups(of: runs)
    var charts = ""
    for chart in ReportChart.charts(of: runs.reduce(into: []) { $0.formUnion($1.columns) }) {
      for (column, name) in chart.columns {
        let curves = groups.enumerated().compactMap { colour, group -> ReportCurve? in
          let points = group.runs.map { $0.points(column) }.filter { !$0.isEmpty }
          return points.isEmpty
            ? nil : ReportCurve(name: group.name, colour: colour, points: ReportCurve.mean(of: points))
        }
        guard !curves.isEmpty else { continue }
        let title = chart.columns.count == 1 ? chart.title : "\(chart.title): \(name)"
        let single = ReportChart(
          name: chart.name, title: title, note: chart.note, isLogarithmic: chart.isLogarithmic, range: chart.range,
          reference: chart.reference, columns: [])
        charts += Self.figure(Drawing(chart: single, curves: curves), &drawings)
      }
    }
    let hasSeeds = groups.contains { $0.runs.count > 1 }
    let note =
      hasSeeds
      ? "<p class=\"soft\">Seeds of one configuration are shown as their mean, in a band from the lowest to the highest.</p>"
      : ""
    let metrics = Self.metrics(runs, &drawings)
    return """
      <header>
      \(Self.brand)<h1>\(Markup.text(title))</h1>
      <p class="state"><span>\(runs.count) runs\(hasSeeds ? " of \(groups.count == 1 ? "one configuration" : "\(groups.count) configurations")" : "")</span>
      <span data-written="\(Markup.json(written.rounded()))"></span></p>
      </header>
      \(overview(groups))\(differences(groups))\(metrics)<section><h2>Training</h2>
      \(note)<div class="grid">
      \(charts)</div></section>
      \(pictures(groups))
      """
  }

  private static func swatch(_ colour: Int) -> String {
    "<span class=\"swatch\(colour >= 6 ? " dashed" : "")\" style=\"--ink:var(--c\(colour % 6))\"></span>"
  }

  /// The runs, how they stand, and how fast they went.
  private func overview(_ groups: [ReportGroup]) -> String {
    let rows = groups.enumerated().flatMap { colour, group in
      group.runs.map { run in
        let device = run.facts.first { $0.name == "Device" }?.value ?? "–"
        let warnings = run.warnings.isEmpty ? "–" : "\(run.warnings.count)"
        return [
          Self.swatch(colour) + Markup.text(run.name), Self.badge(run), Markup.count(run.step),
          run.imagesPerSecond.map(Markup.number) ?? "–",
          run.seconds > 0 ? ProgressLine.duration(run.seconds) : "–", warnings, Markup.text(device),
        ]
      }
    }
    let table = Markup.table(
      ["run", "state", "step", "images/s", "time", "warnings", "device"], numbers: [2, 3, 4, 5], rows)
    return "<section style=\"margin-top:28px\"><div class=\"card\">\(table)</div></section>\n"
  }

  private func differences(_ groups: [ReportGroup]) -> String {
    guard groups.count > 1 else { return "" }
    let code = { (text: String) in "<span class=\"code\">\(Markup.text(text.isEmpty ? "–" : text))</span>" }
    let rows = ReportGroup.differences(groups).map { setting, values in [code(setting.key)] + values.map(code) }
    let heads = ["setting"] + groups.enumerated().map { Self.swatch($0) + " " + Markup.text($1.name) }
    return """
      <section><h2>What differs</h2>
      <div class="card">\(Markup.table(heads, rows))</div></section>

      """
  }

  /// Grids side by side, moved by one slider.
  private func pictures(_ groups: [ReportGroup]) -> String {
    var (figures, thinned) = ("", [[Picture]]())
    for (colour, group) in groups.enumerated() {
      for run in group.runs where !run.pictures.isEmpty {
        let pictures = Self.thinned(run.pictures, runs: runs.count)
        thinned.append(pictures)
        figures += """
          <figure class="card"><figcaption class="head"><h3>\(Self.swatch(colour)) \(Markup.text(run.name))</h3></figcaption>
          \(Self.frames(run, pictures))</figure>

          """
      }
    }
    guard !thinned.isEmpty else { return "" }
    return """
      <section><h2>Samples</h2>
      <div class="card" style="margin-bottom:20px;padding-top:4px">\(Self.slider(of: thinned))</div>
      <div class="grid">
      \(figures)</div></section>

      """
  }
}
