import Foundation
import Testing

@testable import Devices

/// A machine's files, and what follows from them.
struct HostRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Paths below the root, and what the kernel writes there.
  let files: [String: String]
  var processors = 8
  var threads = 8
  var quota: Double?
  var memory: Int?
  var free: Int?

  private static let eight = ["proc/self/status": "Name:\tsaddle\nCpus_allowed:\tff\nMems_allowed:\t1\n"]

  /// What Documentation/admin-guide/cgroup-v2.rst and cgroup-v1 of Linux say of these files.
  static let all = [
    HostRow(testDescription: "no control groups", files: eight),
    HostRow(
      testDescription: "affinity of a large machine",
      files: ["proc/self/status": "Cpus_allowed:\t00000000,00000100,80000003\n"], processors: 4, threads: 4),
    HostRow(
      testDescription: "version 2 in a container of its own name space",
      files: eight.merging([
        "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/memory.max": "2147483648\n", "sys/fs/cgroup/memory.current": "1073741824\n",
      ]) { $1 }, threads: 2, quota: 1.5, memory: 2 << 30, free: 1 << 30),
    HostRow(
      testDescription: "version 2, full of copies of files",
      files: eight.merging([
        "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000000\n",
        "sys/fs/cgroup/memory.current": "1000000\n",
        "sys/fs/cgroup/memory.stat":
          "anon 100000\nfile 900000\ninactive_anon 50000\ninactive_file 600000\nactive_file 200000\n",
      ]) { $1 }, memory: 1_000_000, free: 800_000),
    HostRow(
      testDescription: "version 1, with copies of files in a group below",
      files: eight.merging([
        "proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "900000\n",
        "sys/fs/cgroup/memory/memory.stat":
          "inactive_file 1000\nactive_file 1000\ntotal_inactive_file 300000\ntotal_active_file 100000\n",
      ]) { $1 }, memory: 1_000_000, free: 500_000),
    HostRow(
      testDescription: "version 2 without limits",
      files: eight.merging([
        "proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
        "sys/fs/cgroup/user.slice/memory.max": "max\n", "sys/fs/cgroup/user.slice/memory.current": "4096\n",
      ]) { $1 }),
    HostRow(
      testDescription: "version 2, the tighter limit is a parent's",
      files: eight.merging([
        "proc/self/cgroup": "0::/a.slice/b.scope\n", "sys/fs/cgroup/a.slice/cpu.max": "50000 100000\n",
        "sys/fs/cgroup/a.slice/b.scope/cpu.max": "400000 100000\n", "sys/fs/cgroup/a.slice/memory.max": "1048576000\n",
        "sys/fs/cgroup/a.slice/memory.current": "1048576001\n", "sys/fs/cgroup/a.slice/b.scope/memory.max": "max\n",
      ]) { $1 }, threads: 1, quota: 0.5, memory: 1_048_576_000, free: 0),
    HostRow(
      testDescription: "version 1, controllers together, in a path that only the host knows",
      files: eight.merging([
        "proc/self/cgroup":
          "12:devices:/docker/1f\n5:cpu,cpuacct:/docker/1f\n4:memory:/docker/1f\n1:name=systemd:/docker/1f\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "136870912\n",
      ]) { $1 }, threads: 3, quota: 3, memory: 512 << 20, free: 400_000_000),
    HostRow(
      testDescription: "version 1 without limits",
      files: eight.merging([
        "proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:/\n0::/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "4096\n",
      ]) { $1 }),
    HostRow(
      testDescription: "files that make no sense",
      files: eight.merging([
        "proc/self/cgroup": "nonsense\n0::/\n0::/../..\n", "sys/fs/cgroup/cpu.max": "0 0 0\n",
        "sys/fs/cgroup/memory.max": "99999999999999999999999\n",
      ]) { $1 }),
  ]
}

@Test(arguments: HostRow.all)
func limitsOfTheHostAreRead(row: HostRow) throws {
  let root = FileManager.default.temporaryDirectory.path + "/host-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: root) }
  for (path, text) in row.files {
    let file = "\(root)/\(path)"
    let folder = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
  }
  let limits = HostLimits(root: root)
  #expect(limits.processors == row.processors && limits.threads == row.threads)
  #expect(limits.quota == row.quota && limits.memory == row.memory && limits.freeMemory == row.free)
}

/// What a user of a container reads behind its device.
@Test func limitsAreSaid() throws {
  let limits = HostLimits(root: "/nowhere")
  #expect(limits.description(of: limits.processors) == nil)
  #expect(
    limits.description(of: limits.processors + 2)
      == "limited to \(limits.processors) of \(limits.processors + 2) processors by affinity")
  let device = try Device.cpu(threads: 1)
  #expect(try #require(device.memoryLimit) <= HostLimits.current.memory ?? .max)
}
