import Foundation
import Ledger
import ServiceAPI
import Synchronization

/// A run's progress on standard error: a bar that moves on a terminal, plain lines elsewhere.
final class ProgressDisplay: Sendable {
    private let isTerminal = isatty(2) != 0
    private let rounds: Int
    private let samplesPerRound: Int
    /// Whether a bar stands in the last line.
    private let hasBar = Mutex(false)

    init(rounds: Int, samplesPerRound: Int) {
        self.rounds = rounds
        self.samplesPerRound = samplesPerRound
    }

    /// A line that stays.
    func line(_ text: String) {
        hasBar.withLock { hasBar in
            Output.error((hasBar ? "\r\u{1B}[K" : "") + text + "\n")
            hasBar = false
        }
    }

    func show(_ notice: RunNotice) {
        switch notice.kind {
        case .round:
            if let report = notice.report { line(Figures.line(report, of: rounds)) }
        case .checkpoint, .reward, .state, .warning: line("  \(notice.message)")
        case .worker, .lease, .finished, .other: break
        }
    }

    /// Moves the bar; nothing where there is no terminal.
    func show(_ status: RunStatus) {
        guard isTerminal, status.outcome.isEmpty else { return }
        let width = 24
        let drawn = min(status.rollouts.buffered, samplesPerRound)
        let filled = width * drawn / max(samplesPerRound, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let wait = status.waitingFor.first.map { "  \($0)" } ?? ""
        let activity = status.workers.first { $0.kind == .learner }.map { "  learner: \($0.activity)" } ?? ""
        let text =
            "round \(min(status.round + 1, rounds))/\(rounds) \(bar) \(drawn)/\(samplesPerRound) pictures  "
            + "\(status.state.rawValue)\(wait.isEmpty ? activity : wait)"
        hasBar.withLock { hasBar in
            Output.error("\r\u{1B}[K" + String(text.prefix(columns - 1)))
            hasBar = true
        }
    }

    private var columns: Int {
        var size = winsize()
        return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
    }
}
