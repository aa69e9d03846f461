extension Duration {
    /// A hundred years: more overflows timers and what is said on the wire, and nobody waits for it.
    private static let longest: Duration = .seconds(100 * 365 * 86_400)

    /// The duration, cut to what timers and the wire can hold.
    package var bounded: Duration { min(max(self, .zero - Self.longest), Self.longest) }

    /// Whole milliseconds of the bounded duration.
    package var milliseconds: Int64 { Int64(bounded / .milliseconds(1)) }

    /// Whole microseconds of the bounded duration.
    package var microseconds: Int64 { Int64(bounded / .microseconds(1)) }
}
