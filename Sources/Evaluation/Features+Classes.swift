import Features

extension Features {
  /// The class with the largest logit of each image, the first of several.
  public var guesses: [Int] {
    (0..<count).map { row in
      let logits = logits[row * classes..<(row + 1) * classes]
      return logits.indices.reduce(logits.startIndex) { logits[$1] > logits[$0] ? $1 : $0 } - row * classes
    }
  }

  /// As many of the rows, spread evenly over their order; all where there are no more.
  public func spread(_ count: Int) -> Features {
    guard count < self.count else { return self }
    let rows = (0..<count).map { $0 * self.count / count }
    return Features(
      count: count, width: width, values: rows.flatMap { values[$0 * width..<($0 + 1) * width] }, classes: classes,
      logits: rows.flatMap { logits[$0 * classes..<($0 + 1) * classes] })
  }
}
