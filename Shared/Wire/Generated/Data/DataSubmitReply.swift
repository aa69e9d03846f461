// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.data.SubmitReply`.
public struct DataSubmitReply: Sendable, Hashable {
    public var outcome: DataSubmitOutcome
    public var reason: String
    /// The unit to draw next, leased as by the coordinator; unset: ask it.
    public var next: ControlLease?

    /// A message; every field may be left at its default.
    public init() { self.init(outcome: DataSubmitOutcome(number: 0)) }

    /// A message with the given fields.
    public init(
        outcome: DataSubmitOutcome = DataSubmitOutcome(number: 0), reason: String = "", next: ControlLease? = nil
    ) {
        self.outcome = outcome
        self.reason = reason
        self.next = next
    }
}

extension DataSubmitReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__SubmitReply()
        atelier__data__submit_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__SubmitReply.self).pointee
        self.init()
        outcome = DataSubmitOutcome(number: Int32(truncatingIfNeeded: c.outcome.rawValue))
        reason = WireValue.string(c.reason)
        next = WireValue.message(c.next)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__SubmitReply.self)
        c.pointee.outcome = .init(rawValue: .init(truncatingIfNeeded: outcome.number))
        if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
        if let next { c.pointee.next = arena.message(next).assumingMemoryBound(to: Atelier__Control__Lease.self) }
    }
}
