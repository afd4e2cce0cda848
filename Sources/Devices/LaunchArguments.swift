import Glibc

/// One argument of a launch.
package enum LaunchArgument {
  /// A buffer, from this element on.
  case buffer(Buffer, at: Int)
  /// A scalar of the device's precision.
  case real(Double)
  /// A 32-bit unsigned integer; negative numbers wrap.
  case uint(Int)
  /// An index or size, 64-bit where arrays are large.
  case size(Int)
}

// What follows is inlined into other modules: a launch's literals would else be put together without knowing their
// types, which takes as long as all else that the host does for a launch.

/// The name of a kernel's argument: text that lives as long as the process, so that launches compare bytes.
package struct ArgumentName: ExpressibleByStringLiteral, Equatable, Sendable, CustomStringConvertible {
  @usableFromInline nonisolated(unsafe) let start: UnsafePointer<UInt8>
  @usableFromInline let count: Int

  @inlinable package init(stringLiteral text: StaticString) {
    (start, count) = (text.utf8Start, text.utf8CodeUnitCount)
  }

  /// - Parameter text: A part of a literal of the kernels' own build.
  init(_ text: Slice<UnsafeBufferPointer<CChar>>) {
    count = text.count
    start = UnsafeRawPointer(text.base.baseAddress! + text.startIndex).assumingMemoryBound(to: UInt8.self)
  }

  package var description: String {
    String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  package static func == (a: ArgumentName, b: ArgumentName) -> Bool {
    a.count == b.count && (a.start == b.start || memcmp(a.start, b.start, a.count) == 0)
  }
}

/// Numbers or buffers by the names that a kernel's signature gives them, in its order.
package struct NamedArguments<Value>: ExpressibleByDictionaryLiteral {
  package let elements: [(ArgumentName, Value)]

  @inlinable package init(dictionaryLiteral elements: (ArgumentName, Value)...) { self.elements = elements }
  @inlinable package init(_ elements: [(ArgumentName, Value)]) { self.elements = elements }

  @inlinable package var count: Int { elements.count }

  @inlinable package static func + (a: Self, b: Self) -> Self { Self(a.elements + b.elements) }
}

extension NamedArguments: Sendable where Value: Sendable {}

extension Kernel {
  /// A launch's arguments in the order of the signature.
  ///
  /// - Parameters:
  ///   - buffers: In the signature's order, as `sizes` (UINT and SIZE) and `reals` are in theirs.
  /// - Precondition: Names and kinds are the signature's; the message has both.
  package func arguments(
    _ buffers: NamedArguments<LaunchArgument>, sizes: NamedArguments<Int> = [:], reals: NamedArguments<Double> = [:]
  ) -> [LaunchArgument] {
    arguments(buffers.count, sizes: sizes, reals: reals) { buffers.elements[$0] }
  }

  /// The same; `buffer` gives the name and the place of each of so many buffers.
  package func arguments(
    _ bufferCount: Int, sizes: NamedArguments<Int> = [:], reals: NamedArguments<Double> = [:],
    buffer: (Int) -> (ArgumentName, LaunchArgument)
  ) -> [LaunchArgument] {
    func refuse() -> Never {
      self.refuse((0..<bufferCount).map { buffer($0).0 }, sizes.elements.map(\.0), reals.elements.map(\.0))
    }
    if signature.count != bufferCount + sizes.count + reals.count { refuse() }
    var arguments: [LaunchArgument] = []
    arguments.reserveCapacity(signature.count)
    var (nextBuffer, nextSize, nextReal) = (0, 0, 0)
    for parameter in signature {
      let name: ArgumentName
      switch parameter.kind {
      case .realsIn, .realsOut, .bytesIn, .bytesOut:
        if nextBuffer == bufferCount { refuse() }
        let (key, value) = buffer(nextBuffer)
        name = key
        arguments.append(value)
        nextBuffer += 1
      case .uint, .size:
        if nextSize == sizes.count { refuse() }
        let (key, value) = sizes.elements[nextSize]
        name = key
        arguments.append(parameter.kind == .uint ? .uint(value) : .size(value))
        nextSize += 1
      case .real:
        if nextReal == reals.count { refuse() }
        let (key, value) = reals.elements[nextReal]
        name = key
        arguments.append(.real(value))
        nextReal += 1
      }
      if name != parameter.name { refuse() }
    }
    return arguments
  }

  private func refuse(_ buffers: [ArgumentName], _ sizes: [ArgumentName], _ reals: [ArgumentName]) -> Never {
    let wanted = signature.map { "\($0.kind.rawValue) \($0.name)" }.joined(separator: ", ")
    func list(_ names: [ArgumentName]) -> String { names.map(\.description).joined(separator: ", ") }
    preconditionFailure(
      "kernel '\(name)' takes \(wanted), not the buffers \(list(buffers)), the sizes \(list(sizes)), "
        + "the reals \(list(reals))")
  }
}
