// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.SettleReply`.
public struct ControlSettleReply: Sendable, Hashable {
    /// Of the drawn units, in their order.
    public var outcomes: [ControlSettleOutcome]

    /// A message; every field may be left at its default.
    public init() { self.init(outcomes: []) }

    /// A message with the given fields.
    public init(outcomes: [ControlSettleOutcome] = []) {
        self.outcomes = outcomes
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
        outcomes = WireValue.array(c.outcomes, c.n_outcomes) {
            ControlSettleOutcome(number: Int32(truncatingIfNeeded: $0.rawValue))
        }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettleReply.self)
        c.pointee.n_outcomes = outcomes.count
        c.pointee.outcomes = arena.array(
            outcomes.map { Atelier__Control__SettleOutcome(rawValue: .init(truncatingIfNeeded: $0.number)) })
    }
}
