@_exported import Saddle

/// Where an experiment runs: its device, seed and length, and where it puts what it finds.
///
/// A lab belongs to one run of one experiment and to one thread.
public final class Lab {
  public let device: Device
  public let seed: UInt64
  /// How much of the experiment is done: 1 for all of it, less for a rehearsal.
  public let scale: Double
  public private(set) var findings: [Finding] = []
  /// What a reader must know of the numbers, a paragraph each.
  public private(set) var notes: [String] = []
  /// How many seeds the experiment used: this many from `seed` on.
  public private(set) var seedCount = 1
  /// The figures by name, as SVG.
  public private(set) var figures: [(name: String, svg: String)] = []
  /// Pictures of samples by name.
  public private(set) var pictures: [(name: String, picture: SamplePicture)] = []
  private let report: (String) -> Void

  /// - Parameter progress: Gets a line now and then that says what is being done.
  public init(device: Device, seed: UInt64, scale: Double = 1, progress: @escaping (String) -> Void = { _ in }) {
    precondition(scale > 0 && scale <= 1, "a lab's scale is more than 0 and at most 1, not \(scale)")
    (self.device, self.seed, self.scale, report) = (device, seed, scale, progress)
  }

  /// Says what is being done.
  public func progress(_ line: String) { report(line) }

  /// The scale's share of a number of steps or samples, but not fewer than `floor`.
  public func count(_ full: Int, atLeast floor: Int = 1) -> Int {
    min(full, max(floor, Int((Double(full) * scale).rounded())))
  }

  /// Random numbers of this run's seed; `stream` tells the uses in an experiment apart.
  public func random(_ stream: UInt32) -> RandomStream { RandomStream(seed: seed, stream: stream) }

  /// The seeds of repeated runs: the scale's share of `full`, from this lab's seed on. The result says how many they
  /// were.
  func seeds(_ full: Int) -> [UInt64] {
    seedCount = max(seedCount, count(full))
    return (0..<UInt64(count(full))).map { seed + $0 }
  }

  /// The processor in double precision, where derivatives are compared and eigenvalues measured.
  public func double() throws(DeviceError) -> Device { try .cpu(precision: .double) }

  // MARK: Findings

  /// Compares a measured number with one that is known.
  ///
  /// - Parameter least: The scale from which on the comparison is fair; below it the number is only recorded.
  public func expect(
    _ what: String, _ measured: Double, _ expected: Double, within tolerance: Double, fromScale least: Double = 0
  ) {
    append(what, measured, .near(expected, within: tolerance), least)
  }

  /// Compares a measured number with its least value.
  public func expect(_ what: String, _ measured: Double, atLeast low: Double, fromScale least: Double = 0) {
    append(what, measured, .range(atLeast: low, atMost: nil), least)
  }

  /// Compares a measured number with its largest value.
  public func expect(_ what: String, _ measured: Double, atMost high: Double, fromScale least: Double = 0) {
    append(what, measured, .range(atLeast: nil, atMost: high), least)
  }

  /// Compares a measured number with the range it must lie in.
  public func expect(_ what: String, _ measured: Double, in range: ClosedRange<Double>, fromScale least: Double = 0) {
    append(what, measured, .range(atLeast: range.lowerBound, atMost: range.upperBound), least)
  }

  /// Keeps a number of which nothing is expected.
  public func record(_ what: String, _ measured: Double) { append(what, measured, .none, 0) }

  /// Says what a reader must know: what is measured, what differs from the source, what may not be concluded.
  ///
  /// - Parameter text: Whole sentences, a paragraph of them.
  public func note(_ text: String) { notes.append(text) }

  /// Keeps a plot under a name, which becomes its file's.
  public func figure(_ name: String, _ plot: Plot) { figures.append((name, plot.svg())) }

  /// Keeps several plots as one picture.
  public func figure(_ name: String, _ plots: [Plot], columns: Int) {
    figures.append((name, PlotGrid(plots, columns: columns).svg()))
  }

  /// Keeps a grid of images as a picture.
  ///
  /// - Throws: `RecordError` where libpng is missing.
  public func figure(_ name: String, _ images: SampleGrid) throws(RecordError) {
    figures.append((name, try images.svg(scale: 2)))
  }

  /// Keeps several grids of images as one picture, each under its title, which is plain words.
  ///
  /// - Throws: `RecordError` where libpng is missing.
  func figure(_ name: String, _ grids: [(title: String, grid: SampleGrid)], columns: Int) throws(RecordError) {
    let cell = grids.reduce(into: (width: 0, height: 0)) { cell, entry in
      let (_, height, width) = entry.grid.composed(scale: 1)
      cell = (max(cell.width, width + 16), max(cell.height, height + 36))
    }
    var content = ""
    for (i, (title, grid)) in grids.enumerated() {
      content += """
        <g transform="translate(\(i % columns * cell.width + 8),\(i / columns * cell.height))">
        <text y="20" fill="#767676" font-weight="600">\(title)</text>
        <g transform="translate(0,28)">\(try grid.svg(scale: 1))</g></g>

        """
    }
    let (width, height) = (columns * cell.width, (grids.count + columns - 1) / columns * cell.height)
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
      font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="14">
      \(content)</svg>

      """
    figures.append((name, svg))
  }

  /// Keeps samples as people look at them: images [N, H, W, C] in [-1, 1], or points [N, 2].
  public func picture(_ name: String, _ samples: Tensor) throws { pictures.append((name, try SamplePicture(samples))) }

  private func append(_ what: String, _ measured: Double, _ bound: Finding.Bound, _ least: Double) {
    findings.append(Finding(what, measured, bound, isJudged: scale >= least))
  }
}
