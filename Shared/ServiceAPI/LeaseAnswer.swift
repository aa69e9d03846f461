public import Wire

/// What a sampler that asked for work is told.
public enum LeaseAnswer: Hashable, Sendable {
    case draw(DrawingOrder)
    /// Nothing to draw now, and why: ask again.
    case wait(String)
    /// The run is over.
    case stop

    /// - Throws: `PeerError` if the answer is empty.
    public init(_ wire: ControlLeaseReply) throws(PeerError) {
        switch wire.offer {
        case .lease(let lease): self = .draw(DrawingOrder(lease))
        case .wait(let reason): self = .wait(reason)
        case .stop: self = .stop
        case nil: throw PeerError("the coordinator's answer holds no offer")
        }
    }

    public var wire: ControlLeaseReply {
        switch self {
        case .draw(let order): ControlLeaseReply(offer: .lease(order.wire))
        case .wait(let reason): ControlLeaseReply(offer: .wait(reason))
        case .stop: ControlLeaseReply(offer: .stop(true))
        }
    }
}
