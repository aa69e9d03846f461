/// The right of one worker to draw one unit until a deadline.
public struct Lease: Codable, Hashable, Sendable {
    public let unit: UnitID
    public let token: FencingToken
    public let worker: String
    /// The policy version that the worker has to draw with.
    public let policyVersion: Int
    /// Seconds since 1970; the caller's clock.
    public let deadline: Double

    public init(unit: UnitID, token: FencingToken, worker: String, policyVersion: Int, deadline: Double) {
        self.unit = unit
        self.token = token
        self.worker = worker
        self.policyVersion = policyVersion
        self.deadline = deadline
    }
}
