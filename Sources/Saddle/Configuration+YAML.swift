extension Configuration {
  /// The whole configuration as YAML, each setting with its meaning as a comment. Reading it back gives the same one.
  public func yaml() -> String {
    var lines: [String] = []
    var section = ""
    for setting in registry.settings {
      if setting.section != section {
        if !section.isEmpty { lines.append("") }
        section = setting.section
        lines.append("\(section):")
      }
      lines.append("  # \(setting.summary) (\(setting.allowed))")
      lines.append("  \(setting.name): \(Self.scalar(setting.text(in: values)))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A scalar of YAML: plain where no character could mean anything else, otherwise in double quotes.
  private static func scalar(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "/", "-", "+", ",": true
      default: false
      }
    }
    // A word may begin with a letter, a digit or a slash; a number with its sign. "---" would end the document.
    if isPlain, let first = text.first, first.isLetter || first.isNumber || first == "/" || Double(text) != nil {
      return text
    }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\u{20}"..."\u{7E}": quoted.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return quoted + "\""
  }
}
