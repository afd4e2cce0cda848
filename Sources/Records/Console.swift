import Glibc

/// The standard streams of a command: the only place that writes to them.
public enum Console {
  /// Makes a process safe to write: call it before anything is opened.
  ///
  /// A descriptor from 0 to 2 that the caller closed would be given to the next file that is opened, and messages would
  /// be written into it. And a reader that goes away (`2>&1 | head`) must not end a run: writing says so instead.
  public static func open() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // Opened the wrong way round, so that its use still fails as that of a closed one does.
      _ = Glibc.open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    signal(SIGPIPE, SIG_IGN)
  }

  /// The width of the standard output's terminal; COLUMNS says another, and 80 where there is none.
  public static var columns: Int {
    if let columns = getenv("COLUMNS").flatMap({ Int(String(cString: $0)) }) { return columns }
    return width(of: STDOUT_FILENO) ?? 80
  }

  /// Columns of a terminal, or nil where there is none.
  static func width(of descriptor: CInt) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Writes a result and ends its line.
  ///
  /// - Throws: `RecordError.output` where the standard output cannot be written.
  public static func show(_ result: String) throws(RecordError) {
    let code = write(harmless(result) + "\n", to: STDOUT_FILENO)
    if code != 0 { throw .output(code: code) }
  }

  /// Writes a line for people, beside the results. That it cannot be written is never a reason to stop.
  public static func tell(_ line: String) { control(harmless(line) + "\n") }

  /// Writes to the standard error as it is, terminal controls too.
  static func control(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Writes all of a text, and returns `errno`, or 0.
  private static func write(_ text: String, to descriptor: CInt) -> CInt {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if written > 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        } else if written < 0, errno == EAGAIN {
          // Another program made the stream non-blocking: wait as if it had not.
          var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wait, 1, -1)
        } else if written == 0 || errno != EINTR {
          return written == 0 ? ENOSPC : errno
        }
      }
      return 0
    }
  }

  /// A text that can do nothing to a terminal: control characters other than line ends and tabs, and those that turn
  /// the direction of writing, are written as `\u001b`. JSON means the same by that.
  static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar) {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

extension String {
  /// The text as one word of a command line, so that a command that is printed can be pasted.
  public var shellWord: String {
    let plain = { (scalar: Unicode.Scalar) in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "_@%+=:,./-".unicodeScalars.contains(scalar)
    }
    if !isEmpty, unicodeScalars.allSatisfy(plain) { return self }
    if Console.harmless(self) == self, !contains("\n") {
      return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
    // Quotation in which every byte can be written by letters.
    let bytes = utf8.map { byte in
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x7F: String(UnicodeScalar(byte))
      default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return "$'\(bytes.joined())'"
  }
}

extension Int {
  /// The whole number nearest to a number that came from outside: the last one there is where it lies beyond, 0 where
  /// there is none (NaN).
  public init(nearest value: Double) {
    let whole = value.rounded()
    self = Int(exactly: whole) ?? (whole.isNaN ? 0 : whole < 0 ? .min : .max)
  }
}
