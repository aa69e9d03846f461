public import Wire

/// What a process is for.
public enum WorkerKind: String, Codable, CaseIterable, Sendable {
    case sampler
    case learner
    case reward
    /// Starts and stops processes on its machine.
    case host

    /// - Throws: `PeerError` if the peer named none.
    public init(_ wire: ControlWorkerKind) throws(PeerError) {
        switch wire {
        case .sampler: self = .sampler
        case .learner: self = .learner
        case .reward: self = .reward
        case .host: self = .host
        case .unspecified, .unrecognized: throw PeerError("the kind of worker is missing or unknown")
        }
    }

    public var wire: ControlWorkerKind {
        switch self {
        case .sampler: .sampler
        case .learner: .learner
        case .reward: .reward
        case .host: .host
        }
    }
}
