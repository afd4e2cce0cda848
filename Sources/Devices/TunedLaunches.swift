// Launches of the kernels whose tile form is tuned, under their signatures' names: ops, the tuner and tests launch them
// so.

/// One launch of a tuned kernel in numbers.
package protocol TunedLaunch: Sendable {
  var kernel: Kernel { get }
  var extent: Extent { get }
  /// Elements that it reads of each input, and that it writes.
  var inputs: [TunedInput] { get }
  var outputCount: Int { get }
  /// Multiplications of its sums.
  var multiplications: Int { get }
  /// The kernel's arguments.
  func arguments(_ inputs: [LaunchArgument], output: LaunchArgument) -> [LaunchArgument]
}

/// What an input of a tuned kernel holds.
package enum TunedInput: Sendable {
  case values(Int)
  case zeros(Int)
}

extension Kernel {
  package static let matmul = named("matmul")
  package static let convolve = named("convolve")
  package static let convolveFilter = named("convolve_filter")
}

/// Columns of a panel of the right side of products.
package let panelColumns = 32

/// c [batches][m][n] = a b + bias, cut to 0 ... limit where that is above 0 (Kernels/cl/matmul.cl).
package struct ProductLaunch: TunedLaunch {
  package let m, n, k, batches: Int
  /// Elements from one row of a, and from one term, to the next.
  package let aRow, aTerm: Int
  /// Elements from one panel of b, and from one term, to the next.
  package var bPanel, bTerm: Int
  /// Elements from one batch to the next.
  package var aBatch, bBatch, cBatch: Int
  /// Whether it goes on from the sums that c holds.
  package var isAdding = false
  /// Whether c is written past the cache.
  package var isStreaming = false
  package var limit = 0.0

  /// By default b lies in panels [n / 32][k][32], and the batches close together.
  package init(m: Int, n: Int, k: Int, batches: Int = 1, aRow: Int, aTerm: Int) {
    (self.m, self.n, self.k, self.batches) = (m, n, k, batches)
    (self.aRow, self.aTerm) = (aRow, aTerm)
    (bPanel, bTerm) = (k * panelColumns, panelColumns)
    aBatch = max(0, (m - 1) * aRow + (k - 1) * aTerm + 1)
    bBatch = (n + panelColumns - 1) / panelColumns * k * panelColumns
    cBatch = m * n
  }

  package var kernel: Kernel { .matmul }
  package var extent: Extent { Extent(rows: m, columns: n, batches: batches) }
  package var multiplications: Int { batches * m * n * k }
  package var outputCount: Int { (batches - 1) * cBatch + m * n }
  package var inputs: [TunedInput] {
    let a = max(0, (m - 1) * aRow + (k - 1) * aTerm + 1), panels = (n + panelColumns - 1) / panelColumns
    let b = max(0, (panels - 1) * bPanel + (k - 1) * bTerm + panelColumns)
    return [.values((batches - 1) * aBatch + a), .values((batches - 1) * bBatch + b), .values(n)]
  }

  package func arguments(_ inputs: [LaunchArgument], output: LaunchArgument) -> [LaunchArgument] {
    kernel.arguments(
      ["a": inputs[0], "b": inputs[1], "bias": inputs[2], "c": output],
      sizes: [
        "M": m, "N": n, "K": k, "a_row": aRow, "a_k": aTerm, "a_batch": aBatch, "b_panel": bPanel, "b_k": bTerm,
        "b_batch": bBatch, "c_batch": cBatch, "adds": isAdding ? 1 : 0, "streams": isStreaming ? 1 : 0,
      ], reals: ["limit": limit])
  }
}

/// Rows and columns of pixels or taps.
package typealias Grid = (rows: Int, columns: Int)

/// A convolution, or a phase of one's input gradient, as an implicit matrix product (GEMM): the numbers of `convolve`
/// (Kernels/cl/convolution.cl), which says what each means.
package struct ImplicitGEMM: TunedLaunch {
  /// Images that are read, and their channels.
  package let n, c: Int
  package let image: Grid
  /// Images that are written, and their channels.
  package let output: Grid
  package let k: Int
  /// The filter's taps.
  package let filter: Grid
  /// Output pixels and taps of this phase.
  package var pixels, taps: Grid
  package var outputStep = 1
  package var outputStart: Grid = (0, 0)
  package var imageStep = 1
  package var imageStart: Grid = (0, 0)
  package var tapDistance: Grid = (1, 1)
  package var firstTap: Grid = (0, 0)
  package var tapStep: Grid = (1, 1)
  package var limit = 0.0

  /// Every tap at every output pixel.
  package init(n: Int, image: Grid, c: Int, filter: Grid, output: Grid, k: Int) {
    (self.n, self.image, self.c, self.filter) = (n, image, c, filter)
    (self.output, self.k, pixels, taps) = (output, k, output, filter)
  }

  /// A convolution; `padding` counts the zeros above, and to the left.
  package init(
    n: Int, image: Grid, c: Int, filter: Grid, output: Grid, k: Int, stride: Int, padding: Grid, dilation: Int
  ) {
    self.init(n: n, image: image, c: c, filter: filter, output: output, k: k)
    (imageStep, imageStart) = (stride, (-padding.rows, -padding.columns))
    tapDistance = (dilation, dilation)
  }

  package var kernel: Kernel { .convolve }
  package var extent: Extent { Extent(rows: n * pixels.rows * pixels.columns, columns: k) }
  package var multiplications: Int { extent.rows * k * taps.rows * taps.columns * c }
  package var outputCount: Int { n * output.rows * output.columns * k }
  package var inputs: [TunedInput] {
    let panels = (k + panelColumns - 1) / panelColumns
    return [
      .values(n * image.rows * image.columns * c), .values(panels * filter.rows * filter.columns * c * panelColumns),
      .zeros(c), .values(k),
    ]
  }

  package func arguments(_ inputs: [LaunchArgument], output to: LaunchArgument) -> [LaunchArgument] {
    kernel.arguments(
      ["x": inputs[0], "b": inputs[1], "zeros": inputs[2], "bias": inputs[3], "y": to],
      sizes: [
        "N": n, "H": image.rows, "W": image.columns, "C": c, "PH": pixels.rows, "PW": pixels.columns,
        "OH": output.rows, "OW": output.columns, "K": k,
        "o_step": outputStep, "o_row": outputStart.rows, "o_column": outputStart.columns,
        "i_step": imageStep, "i_row": imageStart.rows, "i_column": imageStart.columns,
        "d_row": tapDistance.rows, "d_column": tapDistance.columns, "TR": taps.rows, "TS": taps.columns,
        "taps": filter.rows * filter.columns, "S": filter.columns, "t_row": firstTap.rows,
        "t_column": firstTap.columns, "t_row_step": tapStep.rows, "t_column_step": tapStep.columns,
      ], reals: ["limit": limit])
  }
}

/// The weight gradient of a convolution, as an implicit matrix product: the numbers of `convolve_filter`.
package struct FilterGradientGEMM: TunedLaunch {
  package let n, c: Int
  package let image, filter, output: Grid
  package let k: Int
  package let stride, padding, dilation: Int
  /// Elements of dy from one panel of 32 channels, and from one pixel, to the next.
  package var panel, pixel: Int
  /// Output pixels of a sum of its own, from pixel `start` on; so many sums.
  package var slice: Int
  package var start = 0
  package var slices = 1

  /// All pixels in one sum; dy as it lies where its channels fill panels, else in panels [k / 32][pixels][32].
  package init(
    n: Int, image: Grid, c: Int, filter: Grid, output: Grid, k: Int, stride: Int, padding: Int, dilation: Int
  ) {
    (self.n, self.image, self.c, self.filter, self.output, self.k) = (n, image, c, filter, output, k)
    (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
    slice = n * output.rows * output.columns
    (panel, pixel) = k % panelColumns == 0 ? (panelColumns, k) : (slice * panelColumns, panelColumns)
  }

  /// Every chain of the pixels as a sum of its own.
  package var inChains: FilterGradientGEMM {
    var chains = self
    (chains.slice, chains.slices) = (chainTerms, (slice + chainTerms - 1) / chainTerms)
    return chains
  }

  package var kernel: Kernel { .convolveFilter }
  package var extent: Extent { Extent(rows: c, columns: k, batches: filter.rows * filter.columns * slices) }
  package var multiplications: Int { n * output.rows * output.columns * k * filter.rows * filter.columns * c }
  package var outputCount: Int { extent.batches * c * k }
  package var inputs: [TunedInput] {
    let pixels = n * output.rows * output.columns, panels = (k + panelColumns - 1) / panelColumns
    return [.values(n * image.rows * image.columns * c), .values(pixels * panels * panelColumns)]
  }

  package func arguments(_ inputs: [LaunchArgument], output to: LaunchArgument) -> [LaunchArgument] {
    kernel.arguments(
      ["x": inputs[0], "dy": inputs[1], "dw": to],
      sizes: [
        "N": n, "H": image.rows, "W": image.columns, "C": c, "P": output.rows, "Q": output.columns, "K": k,
        "RS": filter.rows * filter.columns, "S": filter.columns, "stride": stride, "pad": padding,
        "dilation": dilation, "dy_panel": panel, "dy_step": pixel, "slice": slice, "start": start,
      ])
  }
}

extension Device {
  /// Runs a tuned kernel.
  package func launch(_ launch: some TunedLaunch, _ inputs: [LaunchArgument], output: LaunchArgument) {
    self.launch(launch.kernel, launch.arguments(inputs, output: output), over: launch.extent)
  }
}
