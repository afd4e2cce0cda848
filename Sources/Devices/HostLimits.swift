import Glibc

/// What this process may use of its machine: the processors that it may run on, the time that its control groups give
/// it, and their limits of memory.
///
/// Linux keeps the limits of control groups in files: version 2 in one tree, version 1 in one for each controller.
/// Those of the groups that a group lies in hold for it too.
package struct HostLimits: Equatable, Sendable {
  /// Processors that the process may run on.
  package let processors: Int
  /// Processors whose time the control groups give it, 1.5 for one and a half; nil without a limit.
  package let quota: Double?
  /// Bytes of memory that the control groups allow; nil without a limit.
  package let memory: Int?
  /// Of that, the bytes not yet in use; what only caches files is given up before a process is killed, and counts as
  /// free.
  package let freeMemory: Int?

  /// Threads that can run at once.
  package var threads: Int { max(1, min(processors, quota.map { Int(min($0, 1e6).rounded(.up)) } ?? .max)) }

  /// What is limited, in words; nil where the whole machine may be used.
  ///
  /// - Parameter machine: Processors of the machine.
  package func description(of machine: Int) -> String? {
    var limits: [String] = []
    if processors < machine { limits.append("\(processors) of \(machine) processors by affinity") }
    if let quota { limits.append("\((quota * 100).rounded() / 100) processors' time by control group") }
    if let memory { limits.append("\(memory >> 20) MiB by control group") }
    return limits.isEmpty ? nil : "limited to " + limits.joined(separator: ", ")
  }

  /// The limits of this process now.
  package static var current: HostLimits { HostLimits(root: "") }

  /// Threads that could run at once when the process first asked.
  package static let threads = current.threads

  /// The limits that the files below `root` tell: `proc/self/status`, `proc/self/cgroup` and `sys/fs/cgroup`.
  package init(root: String) {
    let mask = Self.text("\(root)/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
    let allowed = mask?.split(separator: "\t").last?.reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount } ?? 0
    processors = allowed > 0 ? allowed : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    var quotas: [Double] = []
    var rooms: [(limit: Int, free: Int)] = []
    for line in Self.text("\(root)/proc/self/cgroup")?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",").map(String.init)
      // Version 2 has one line without controllers; a controller of version 1 is mounted under its own name or, with
      // others, under all of them.
      let isSecond = controllers.isEmpty
      for mount in isSecond ? [""] : Set(controllers + [fields[1]]).map({ "/\($0)" }) {
        for group in Self.ancestors(of: fields[2]) {
          let folder = "\(root)/sys/fs/cgroup\(mount)\(group)"
          func number(_ name: String) -> Int? { Self.text("\(folder)/\(name)").flatMap { Int($0) }.map { max(0, $0) } }
          // Without a limit version 1 holds the largest multiple of a page.
          func room(_ limit: String, _ usage: String) -> (limit: Int, free: Int)? {
            guard let limit = number(limit), limit < 1 << 60 else { return nil }
            let used = max(
              0, (number(usage) ?? 0) - Self.cached("\(folder)/memory.stat", prefix: isSecond ? "" : "total_"))
            return (limit, limit - used)
          }
          if isSecond {
            let words = Self.text("\(folder)/cpu.max")?.split(separator: " ").compactMap { Int($0) } ?? []
            if words.count == 2, words[0] > 0, words[1] > 0 { quotas.append(Double(words[0]) / Double(words[1])) }
            if let room = room("memory.max", "memory.current") { rooms.append(room) }
          } else {
            if let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us"), quota > 0, period > 0 {
              quotas.append(Double(quota) / Double(period))
            }
            if let room = room("memory.limit_in_bytes", "memory.usage_in_bytes") { rooms.append(room) }
          }
        }
      }
    }
    quota = quotas.min()
    memory = rooms.map(\.limit).min()
    freeMemory = rooms.map(\.free).min().map { max(0, $0) }
  }

  /// A group and those that it lies in, the outermost last. In a container the path may be one that only its host
  /// knows; then the outermost folder is the container's own.
  private static func ancestors(of group: String) -> [String] {
    let parts = group.split(separator: "/")
    return (0...parts.count).reversed().map { parts.prefix($0).map { "/\($0)" }.joined() }
  }

  /// Bytes of a group's memory that are copies of files, as its statistics tell.
  private static func cached(_ statistics: String, prefix: String) -> Int {
    (text(statistics) ?? "").split(separator: "\n").reduce(0) { sum, line in
      let words = line.split(separator: " ")
      guard words.count == 2, ["active_file", "inactive_file"].contains(where: { words[0] == prefix + $0 }) else {
        return sum
      }
      return sum + max(0, min(Int(words[1]) ?? 0, 1 << 60))
    }
  }

  /// The content of a small file without the spaces around it.
  private static func text(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
