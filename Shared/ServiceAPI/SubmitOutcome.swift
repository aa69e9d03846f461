public import Ledger
public import Wire

/// What a sampler is told of the trajectory that it submitted.
public enum SubmitOutcome: String, Codable, Hashable, Sendable {
    case accepted
    /// The unit had been settled before: nothing is lost.
    case duplicate
    /// Not drawn as leased: the unit is leased again.
    case refused

    public init(_ outcome: SettleOutcome) {
        switch outcome {
        case .accepted: self = .accepted
        case .duplicate: self = .duplicate
        case .unknown, .refused: self = .refused
        }
    }

    /// - Throws: `PeerError` if the peer named none.
    public init(_ wire: DataSubmitOutcome) throws(PeerError) {
        switch wire {
        case .accepted: self = .accepted
        case .duplicate: self = .duplicate
        case .refused: self = .refused
        case .unspecified, .unrecognized: throw PeerError("the outcome of submitting is missing or unknown")
        }
    }

    public var wire: DataSubmitOutcome {
        switch self {
        case .accepted: .accepted
        case .duplicate: .duplicate
        case .refused: .refused
        }
    }
}
