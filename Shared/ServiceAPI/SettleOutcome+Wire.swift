public import Ledger
public import Wire

extension SettleOutcome {
    /// - Throws: `PeerError` if the peer named none.
    public init(_ wire: ControlSettleOutcome) throws(PeerError) {
        switch wire {
        case .accepted: self = .accepted
        case .duplicate: self = .duplicate
        case .unknown: self = .unknown
        case .refused: self = .refused
        case .unspecified, .unrecognized: throw PeerError("the outcome of settling is missing or unknown")
        }
    }

    public var wire: ControlSettleOutcome {
        switch self {
        case .accepted: .accepted
        case .duplicate: .duplicate
        case .unknown: .unknown
        case .refused: .refused
        }
    }
}
