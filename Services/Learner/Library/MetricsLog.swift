import Foundation
import Ledger
import ServiceRuntime

/// The file `metrics.jsonl`: one JSON object for each trained round.
struct MetricsLog: Sendable {
    private let path: URL

    /// - Parameter run: the run's folder.
    init(run: URL) {
        path = run.appending(path: "metrics.jsonl")
    }

    /// Appends a round.
    ///
    /// - Throws: `ServiceError` that names the file.
    func append(_ report: RoundReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let line = try encoder.encode(report) + Data("\n".utf8)
        let descriptor = open(path.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == line.count else { throw failure() }
    }

    /// Forgets the rounds from one on, because the run goes on from a checkpoint that does not know them.
    ///
    /// - Throws: `ServiceError` that names the file.
    func truncate(toRound round: Int) throws {
        guard let text = try? String(contentsOf: path, encoding: .utf8) else { return }
        let lines = text.split(separator: "\n").filter { line in
            guard let report = try? JSONDecoder().decode(RoundReport.self, from: Data(line.utf8)) else { return false }
            return report.round < round
        }
        try AtomicFile.write(Data(lines.map { $0 + "\n" }.joined().utf8), to: path)
    }

    private func failure() -> ServiceError {
        ServiceError("cannot write \(path.path): \(String(cString: strerror(errno)))")
    }
}
