/// The candidate that was probably meant, or nil where none is like the text.
package func nearest(to text: String, among candidates: [String]) -> String? {
  // A third of the letters wrong is still a slip; more is another word.
  let most = max(2, text.count / 3)
  let scored = candidates.lazy.filter { abs($0.count - text.count) <= most }.map { candidate in
    (candidate: candidate, distance: editDistance(text, candidate))
  }
  return scored.min { $0.distance < $1.distance }.flatMap { $0.distance <= most ? $0.candidate : nil }
}

/// The fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
///
/// Source: the optimal string alignment distance, after Damerau, "A technique for computer detection and correction of
/// spelling errors" (1964).
func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  // table[i][j] is the distance of the first i letters of a and the first j of b.
  var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
  for i in a.indices {
    table[i + 1][0] = i + 1
    for j in b.indices {
      var best = min(table[i][j + 1] + 1, table[i + 1][j] + 1, table[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, table[i - 1][j - 1] + 1) }
      table[i + 1][j + 1] = best
    }
  }
  return table[a.count][b.count]
}
