// A report as one file of HTML: no network, no other file.

extension Report {
  /// The page.
  public func html() -> String {
    var drawings: [Drawing] = []
    let content = runs.count == 1 ? page(of: runs[0], &drawings) : comparison(&drawings)
    let isRunning = runs.contains { $0.state == .running }
    let charts = drawings.map(\.json).joined(separator: ",\n")
    let data = "{\"running\":\(isRunning),\"written\":\(Markup.json(written.rounded())),\"charts\":[\(charts)]}"
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="generator" content="Saddle">
      <title>\(Markup.text(title)) – Saddle</title>
      <link rel="icon" href="data:,">
      <style>
      \(ReportStyle.text)
      </style>
      </head>
      <body>
      <main>
      \(content)<footer>Written by <code>saddle report</code>; everything is in this file.</footer>
      </main>
      <script type="application/json" id="data">\(Markup.script(data))</script>
      <script>
      \(ReportScript.text)
      </script>
      </body>
      </html>

      """
  }

  /// A chart with its curves.
  struct Drawing {
    let chart: ReportChart
    let curves: [ReportCurve]

    var json: String {
      let curves = curves.map { curve in
        let points = ReportCurve.thinned(curve.points)
        let list = { (value: (ReportCurve.Point) -> Double?) in
          "[" + points.map { Markup.json(value($0)) }.joined(separator: ",") + "]"
        }
        let band =
          points.contains { $0.band != nil }
          ? ",\"low\":\(list { $0.band?.lowerBound }),\"high\":\(list { $0.band?.upperBound })" : ""
        return "{\"name\":\(JSON.quoted(curve.name)),\"colour\":\(curve.colour),\"x\":\(list { $0.step }),"
          + "\"y\":\(list { $0.value })\(band)}"
      }
      let range = chart.range.map { "[\(Markup.json($0.lowerBound)),\(Markup.json($0.upperBound))]" } ?? "null"
      return "{\"title\":\(JSON.quoted(chart.title)),\"log\":\(chart.isLogarithmic),\"range\":\(range),"
        + "\"reference\":\(Markup.json(chart.reference)),\"curves\":[\(curves.joined(separator: ","))]}"
    }
  }

  /// The place of a chart in the page; the script draws it.
  static func figure(_ drawing: Drawing, _ drawings: inout [Drawing]) -> String {
    drawings.append(drawing)
    return """
      <figure class="card chart" data-chart="\(drawings.count - 1)">
      <figcaption><h3>\(Markup.text(drawing.chart.title))</h3><p>\(Markup.text(drawing.chart.note))</p></figcaption>
      <ul class="key"></ul>
      <div class="plot"></div>
      </figure>

      """
  }

  // MARK: One run

  private func page(of run: Run, _ drawings: inout [Drawing]) -> String {
    let columns = run.columns  // gone through once: a long run has a hundred thousand rows
    let charts = ReportChart.charts(of: columns).map { chart in
      Drawing(
        chart: chart,
        curves: chart.columns.enumerated().filter { columns.contains($1.column) }.map { place, column in
          ReportCurve(name: column.name, colour: place, points: run.points(column.column))
        })
    }
    var figures = charts.map { Self.figure($0, &drawings) }
    var lead = ""
    if !run.pictures.isEmpty {
      let beside = figures.prefix(2).joined()
      figures.removeFirst(min(2, figures.count))
      lead = """
        <div class="lead">
        <section class="card samples"><div class="head"><h2 style="margin:0">Samples</h2>\
        <span class="soft">the same latents through training</span></div>
        \(Self.frames(run, Self.thinned(run.pictures)))\(Self.slider(of: [Self.thinned(run.pictures)]))</section>
        <div class="stack">
        \(beside)</div>
        </div>

        """
    }
    let training =
      figures.isEmpty
      ? ""
      : """
      <section><h2>Training</h2>
      <div class="grid">
      \(figures.joined())</div></section>

      """
    return Self.header(run, written) + Self.warnings(run) + lead + Self.metrics([run], &drawings) + training
      + Self.figures(run) + Self.configuration(run)
  }

  static let brand = """
    <p class="brand"><svg viewBox="0 0 24 24" aria-hidden="true">\
    <path d="M2.5 5.5C7 20.500 17 20.500 21.500 5.500" stroke="var(--c0)"/>\
    <path d="M2.500 18.500C7 3.500 17 3.500 21.500 18.500" stroke="var(--c1)"/></svg> Saddle</p>

    """

  private static func header(_ run: Run, _ written: Double) -> String {
    let share =
      run.steps > 0 ? min(100, Int(nearest: (100 * Double(run.step) / Double(run.steps)).rounded(.down))) : 100
    var facts = run.facts
    if let rate = run.imagesPerSecond { facts.append(("Speed", "\(Markup.number(rate)) images/s")) }
    if run.seconds > 0 { facts.append(("Time in training", ProgressLine.duration(run.seconds))) }
    let list = facts.map { "<div><dt>\(Markup.text($0))</dt><dd>\(Markup.text($1))</dd></div>" }
    return """
      <header>
      \(brand)<h1>\(Markup.text(run.name))</h1>
      <p class="state">\(badge(run)) <span>step \(Markup.count(run.step)) of \(Markup.count(run.steps))</span>
      <span data-written="\(Markup.json(written.rounded()))"></span></p>
      <div class="progress" role="progressbar" aria-valuenow="\(share)" aria-label="Training"><i style="width:\(share)%"></i></div>
      <dl class="facts">\(list.joined(separator: "\n"))</dl>
      </header>

      """
  }

  static func badge(_ run: Run) -> String { "<span class=\"badge \(run.state)\">\(run.state.rawValue)</span>" }

  private static func warnings(_ run: Run) -> String {
    guard !run.warnings.isEmpty else { return "" }
    let lines = run.warnings.map { "<li>\(Markup.text($0))</li>" }
    let rest = lines.dropFirst(4)
    let more = rest.isEmpty ? "" : "<details><summary>\(rest.count) more</summary><ul>\(rest.joined())</ul></details>"
    let title = lines.count == 1 ? "One warning" : "\(lines.count) warnings"
    return "<section class=\"card warnings\"><h3>\(title)</h3><ul>\(lines.prefix(4).joined())</ul>\(more)</section>\n"
  }

  private static func figures(_ run: Run) -> String {
    guard !run.figures.isEmpty else { return "" }
    let figures = run.figures.map { figure in
      """
      <figure class="card exhibit"><figcaption><h3>\(Markup.text(figure.title))</h3>\
      <p>\(Markup.text(figure.caption)) Step \(Markup.count(figure.picture.step)).</p></figcaption>
      \(Markup.image(figure.picture, of: figure.title))</figure>

      """
    }
    return "<section><h2>The generator</h2>\n<div class=\"grid wide\">\n\(figures.joined())</div></section>\n"
  }

  private static func configuration(_ run: Run) -> String {
    let code = { (text: String) in "<span class=\"code\">\(Markup.text(text.isEmpty ? "–" : text))</span>" }
    let changed = run.settings.filter { $0.value != $0.standard }
    let preset = run.preset
    let head =
      ["setting", "this run"] + (preset.map { ["preset \(Markup.text($0))"] } ?? []) + ["default", "what it is"]
    let rows = changed.map { setting in
      [code(setting.key), code(setting.value)] + (preset == nil ? [] : [code(setting.preset ?? "")])
        + [code(setting.standard), Markup.text(setting.meaning)]
    }
    let apart = run.settings.filter { $0.preset != nil && $0.preset != $0.value }.map(\.key)
    let note = preset.map { preset in
      apart.isEmpty ? "Preset \(preset), unchanged." : "Preset \(preset), but for \(apart.joined(separator: ", "))."
    }
    let all = Markup.table(
      ["setting", "this run", "what it is"], meaning: 2,
      run.settings.map { [code($0.key), code($0.value), Markup.text($0.meaning)] })
    return """
      <section><h2>Configuration</h2>
      <p class="soft">\(Markup.text(note ?? "What differs from the defaults."))</p>
      <div class="card">\(Markup.table(head, meaning: head.count - 1, rows))
      <details><summary>All \(run.settings.count) settings</summary>\(all)</details></div></section>

      """
  }
}
