import Foundation
import TensorCore

/// What a run cost, by operation: first each kind, then each kind and shape, the most expensive first.
struct ProfileReport: Encodable {
    /// A line of the table.
    struct Line: Encodable {
        var operation: String
        var extents: String?
        var calls: Int
        var seconds: Double
        var share: Double
        /// 10⁹ operations a second; products only.
        var gflops: Double?
        /// 10⁹ bytes a second of operands and results.
        var gigabytesPerSecond: Double
    }

    let seconds: Double
    let kinds: [Line]
    let operations: [Line]

    init(_ profile: OperationProfile) {
        let all = profile.entries.reduce(0) { $0 + $1.seconds }
        func line(_ entries: [OperationProfile.Entry], extents: String?) -> Line {
            let seconds = entries.reduce(0) { $0 + $1.seconds }
            let work = entries.reduce(0) { $0 + $1.operations }
            return Line(
                operation: entries[0].operation, extents: extents, calls: entries.reduce(0) { $0 + $1.calls },
                seconds: seconds, share: seconds / all, gflops: work > 0 ? work / seconds / 1e9 : nil,
                gigabytesPerSecond: entries.reduce(0) { $0 + $1.bytes } / seconds / 1e9)
        }
        seconds = all
        kinds = Dictionary(grouping: profile.entries, by: \.operation).values
            .map { line($0, extents: nil) }.sorted { $0.seconds > $1.seconds }
        operations = profile.entries.map { line([$0], extents: $0.extents) }
    }

    func print(asJSON: Bool) throws {
        if asJSON { return try Output.json(self) }
        Output.line(String(format: "%.4f s in operations", seconds))
        for lines in [kinds, operations] {
            Output.line("")
            Output.line("   share    seconds  calls  GFLOP/s   GB/s  operation")
            for line in lines {
                let rate = line.gflops.map { String(format: "%7.0f", $0) } ?? "      -"
                let name = [line.operation, line.extents].compactMap { $0 }.joined(separator: ", ")
                Output.line(
                    String(
                        format: "%6.1f %% %10.5f %6d  ", 100 * line.share, line.seconds, line.calls) + rate
                        + String(format: " %6.1f  ", line.gigabytesPerSecond) + name)
            }
        }
    }
}
