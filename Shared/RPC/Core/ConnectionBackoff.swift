/// How long a channel waits before it dials again: twice as long after each failure, and never as long as another.
package struct ConnectionBackoff: Hashable, Sendable {
    private let initial: Duration
    private let maximum: Duration
    private var failures = 0

    package init(initial: Duration, maximum: Duration) {
        self.initial = initial
        self.maximum = maximum
    }

    /// The wait after one more failure: within a fifth of what the failures so far make it.
    package mutating func failed(using generator: inout some RandomNumberGenerator) -> Duration {
        let doubled = initial * (1 << min(failures, 16))
        failures += 1
        return min(doubled, maximum) * Double.random(in: 0.8...1.2, using: &generator)
    }

    /// A connection came up.
    package mutating func succeeded() { failures = 0 }
}
