// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.SettleReply`.
public struct ControlSettleReply: Sendable, Hashable {
    public var outcome: ControlSettleOutcome

    /// A message; every field may be left at its default.
    public init() { self.init(outcome: ControlSettleOutcome(number: 0)) }

    /// A message with the given fields.
    public init(outcome: ControlSettleOutcome = ControlSettleOutcome(number: 0)) {
        self.outcome = outcome
    }
}

extension ControlSettleReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__SettleReply()
        atelier__control__settle_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettleReply.self).pointee
        self.init()
        outcome = ControlSettleOutcome(number: Int32(truncatingIfNeeded: c.outcome.rawValue))
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettleReply.self)
        c.pointee.outcome = .init(rawValue: .init(truncatingIfNeeded: outcome.number))
    }
}
