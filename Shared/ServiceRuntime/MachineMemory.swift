public import Foundation

/// How much memory programs may take here: the machine's, or what a control group allows.
public struct MachineMemory: Hashable, Sendable {
    /// Bytes that could be taken now.
    public let available: Int
    /// Bytes that could be taken if nothing else ran.
    public let total: Int
    /// What sets the bound, as a sentence's subject.
    public let bound: String

    /// Reads `/proc/meminfo` and the limits of this process's control groups; `nil` where there is no such file.
    ///
    /// - Parameter root: of the file system.
    public init?(root: URL = URL(filePath: "/")) {
        func read(_ path: String) -> String? {
            try? String(contentsOf: root.appending(path: path), encoding: .utf8)
        }
        guard let status = read("proc/meminfo"), let total = Self.kibibytes("MemTotal", status),
            let available = Self.kibibytes("MemAvailable", status)
        else { return nil }
        var found = (available: available, total: total, bound: "this machine")
        for line in (read("proc/self/cgroup") ?? "").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { continue }
            let version: Version? =
                parts[0] == "0" ? .second : parts[1].split(separator: ",").contains("memory") ? .first : nil
            guard let version else { continue }
            // A limit holds for all groups below; in a container the outer names are not there.
            var path = parts[2]
            while true {
                let folder = version.folder + (path == "/" ? "" : path)
                if let limit = version.limit(of: folder, read), limit.total < found.total {
                    found.total = limit.total
                    found.bound = "the control group /\(folder)"
                }
                if let limit = version.limit(of: folder, read), limit.available < found.available {
                    found.available = max(limit.available, 0)
                    found.bound = "the control group /\(folder)"
                }
                guard path != "/", !path.isEmpty else { break }
                path = (path as NSString).deletingLastPathComponent
            }
        }
        (self.available, self.total, bound) = (found.available, found.total, found.bound)
    }

    /// Refuses a process that will need more than could be taken now.
    ///
    /// - Parameters:
    ///   - bytes: what it will need at its peak.
    ///   - who: the process as a sentence's subject.
    ///   - advice: what would need less.
    /// - Throws: `ServiceError` with both figures.
    public func require(_ bytes: Int, for who: String, advice: String) throws(ServiceError) {
        guard bytes > available else { return }
        throw ServiceError(
            "\(who) needs about \(Self.gigabytes(bytes)) of memory, \(bound) has \(Self.gigabytes(available)); \(advice)",
            exitCode: .refused)
    }

    /// A size with one digit after the point, in 10⁹ bytes.
    public static func gigabytes(_ bytes: Int) -> String { String(format: "%.1f GB", Double(bytes) / 1e9) }

    private static func kibibytes(_ key: String, _ text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(key):") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// The two forms of control groups.
    private enum Version {
        case first, second

        var folder: String { self == .first ? "sys/fs/cgroup/memory" : "sys/fs/cgroup" }

        /// What a group allows and what is left of it; pages of files are not counted as taken.
        func limit(of folder: String, _ read: (String) -> String?) -> (available: Int, total: Int)? {
            let names =
                self == .first
                ? ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file")
                : ("memory.max", "memory.current", "inactive_file", "active_file")
            func number(_ name: String) -> Int? {
                read("\(folder)/\(name)").flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            }
            guard let total = number(names.0), let used = number(names.1) else { return nil }
            let files = (read("\(folder)/memory.stat") ?? "").split(separator: "\n").reduce(0) { sum, line in
                let parts = line.split(separator: " ")
                guard parts.count == 2, parts[0] == names.2 || parts[0] == names.3 else { return sum }
                return sum + (Int(parts[1]) ?? 0)
            }
            return (total - used + files, total)
        }
    }
}
