import Foundation

/// What a process holds, looked at again and again.
struct ProcessGauge {
    enum Quantity: String, CaseIterable {
        case memory, descriptors, threads

        /// How much of it may seem to have been added over a whole soak: allocators and pools breathe.
        var tolerance: Double {
            switch self {
            case .memory: 12 * 1024 * 1024
            case .descriptors: 6
            case .threads: 3
            }
        }
    }

    let name: String
    let process: pid_t
    private(set) var times: [Double] = []
    private(set) var values: [Quantity: [Double]] = [:]

    init(_ name: String, _ process: pid_t) {
        self.name = name
        self.process = process
    }

    /// What it holds now; nil if it is gone.
    static func look(at process: pid_t) -> [Quantity: Double]? {
        let folder = "/proc/\(process)"
        guard let statm = try? String(contentsOfFile: "\(folder)/statm", encoding: .utf8),
            let pages = statm.split(separator: " ").dropFirst().first.flatMap({ Double($0) }),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/fd").count,
            let threads = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/task").count
        else { return nil }
        return [
            .memory: pages * Double(sysconf(Int32(_SC_PAGESIZE))), .descriptors: Double(descriptors),
            .threads: Double(threads),
        ]
    }

    /// The sockets among its descriptors.
    static func sockets(of process: pid_t) -> Int {
        let folder = "/proc/\(process)/fd"
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return descriptors.count { descriptor in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(descriptor)")
            return target?.hasPrefix("socket:") == true
        }
    }

    mutating func look(at seconds: Double) {
        guard let now = Self.look(at: process) else { return }
        times.append(seconds)
        for (quantity, value) in now { values[quantity, default: []].append(value) }
    }

    /// What the straight line through the looks rises by from the first of them to the last.
    ///
    /// The first fifth is left out, in which buffers and pools find their size.
    func growth(_ quantity: Quantity) -> Double {
        let start = times.count / 5
        let (x, y) = (Array(times[start...]), Array((values[quantity] ?? [])[start...]))
        guard x.count > 2, let first = x.first, let last = x.last else { return .nan }
        let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
        var (above, below) = (0.0, 0.0)
        for (x, y) in zip(x, y) {
            above += (x - meanX) * (y - meanY)
            below += (x - meanX) * (x - meanX)
        }
        return above / below * (last - first)
    }

    /// The last look.
    var last: String {
        let numbers = Quantity.allCases.map { quantity in
            let value = values[quantity]?.last ?? 0
            return quantity == .memory ? String(format: "%.1f MiB", value / 1_048_576) : "\(Int(value)) \(quantity)"
        }
        return "\(name) \(numbers.joined(separator: ", "))"
    }

    var description: String {
        Quantity.allCases.map { quantity in
            let unit = quantity == .memory ? 1 / 1_048_576.0 : 1
            let all = values[quantity] ?? []
            return String(
                format: "%@ %.1f to %.1f, line rises by %.2f", quantity.rawValue, (all.min() ?? 0) * unit,
                (all.max() ?? 0) * unit, growth(quantity) * unit)
        }.joined(separator: "; ")
    }
}
