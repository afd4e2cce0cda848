/// One line on a terminal that says what is going on; nothing where there is no terminal.
public struct StatusLine: Sendable {
  private let output: ProgressOutput

  public init(_ output: ProgressOutput = .standardError) { self.output = output }

  /// Shows a text in the place of the last one.
  public func show(_ text: String) {
    // The last column stays free: a terminal may go to the next line when it is filled.
    if let columns = output.columns() { output.write("\r\(text.prefix(max(0, columns - 1)))\u{1B}[K") }
  }

  /// Takes the line away.
  public func clear() { show("") }
}
