/// One line on a terminal that says what is going on; nothing where there is no terminal.
public struct StatusLine: Sendable {
  private let output: ProgressOutput

  public init(_ output: ProgressOutput = .standardError) { self.output = output }

  /// Shows a text in the place of the last one.
  public func show(_ text: String) {
    // The last column stays free: a terminal may go to the next line when it is filled.
    guard let columns = output.columns() else { return }
    let line = Console.harmless(text).replacing("\n", with: " ")
    output.write("\r\(line.prefix(max(0, columns - 1)))\u{1B}[K")
  }

  /// Takes the line away.
  public func clear() { show("") }
}
