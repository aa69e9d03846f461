/// How far a unit has come: planned → leased → sampled → scored → trained, or dropped with a reason.
public enum UnitStage: Codable, Hashable, Sendable {
    case planned
    case leased(Lease)
    case sampled(SampledUnit)
    case scored(SampledUnit)
    case trained(SampledUnit)
    case dropped(DropReason)

    /// Whether the round has to wait for the unit.
    var isOpen: Bool {
        switch self {
        case .planned, .leased, .sampled: true
        case .scored, .trained, .dropped: false
        }
    }
}

/// What is known of a drawn unit.
public struct SampledUnit: Codable, Hashable, Sendable {
    /// The lease whose result was taken.
    public let token: FencingToken
    public let worker: String
    /// The policy version that drew the pictures.
    public let policyVersion: Int
    /// SHA-256 of the adapter that drew them, as the sampler measured it.
    public let adapter: String

    public init(token: FencingToken, worker: String, policyVersion: Int, adapter: String) {
        self.token = token
        self.worker = worker
        self.policyVersion = policyVersion
        self.adapter = adapter
    }
}
