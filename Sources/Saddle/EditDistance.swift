/// The candidate that was probably meant, or nil where none is like the text.
package func nearest(to text: String, among candidates: [String]) -> String? {
  let scored = candidates.map { (candidate: $0, distance: editDistance(text, $0)) }
  guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
  // A third of the letters wrong is still a slip; more is another word.
  return best.distance <= max(2, text.count / 3) ? best.candidate : nil
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
