/// How long the run waits for whom.
public struct LeaseConfiguration: Codable, Hashable, Sendable {
    /// A unit that was leased so long ago is leased again.
    public var seconds = 120.0
    /// How often a unit is leased before it is dropped as lost.
    public var attempts = 5
    /// A worker that has not been heard of for so long has left; its leases are given to others.
    public var silenceSeconds = 10.0
    /// A reward service that has not scored a unit within this is asked again.
    public var scoreSeconds = 60.0

    public init() {}

    func validate() throws(ConfigurationError) {
        try requirePositive(seconds, "leases.seconds")
        try requirePositive(attempts, "leases.attempts")
        try requirePositive(silenceSeconds, "leases.silenceSeconds")
        try requirePositive(scoreSeconds, "leases.scoreSeconds")
    }
}
