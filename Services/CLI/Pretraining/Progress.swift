import Foundation

/// A progress line: a bar on a terminal, plain lines elsewhere, with the time left.
public final class Progress {
    private let total: Int
    private let isTerminal: Bool
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let firstStep: Int
    private var lastPrinted: ContinuousClock.Instant?

    /// A progress of `total` steps; a resumed run goes on at `firstStep`, and the time left counts from there.
    public init(total: Int, firstStep: Int = 0) {
        self.total = total
        self.firstStep = firstStep
        isTerminal = isatty(STDERR_FILENO) == 1
        start = clock.now
    }

    /// Shows that `step` steps are done; prints at most ten times a second on a terminal and twice a minute elsewhere.
    public func show(_ step: Int, _ text: String) {
        let now = clock.now
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(30)
        if let lastPrinted, now - lastPrinted < pause, step < total { return }
        lastPrinted = now
        let elapsed = (now - start) / .seconds(1)
        let rate = Double(step - firstStep) / max(elapsed, 1e-9)
        let left = rate > 0 ? Int(Double(total - step) / rate) : 0
        let fraction = Double(step) / Double(max(total, 1))
        let bar = String(repeating: "━", count: Int(fraction * 24)).padding(toLength: 24, withPad: " ", startingAt: 0)
        let clock = String(format: "%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60)
        let line =
            isTerminal
            ? "\r\u{1B}[K\(bar) \(step)/\(total)  \(text)  \(clock) left"
            : "\(step)/\(total)  \(text)  \(clock) left\n"
        FileHandle.standardError.write(Data(line.utf8))
        if isTerminal, step >= total { FileHandle.standardError.write(Data("\n".utf8)) }
    }
}
