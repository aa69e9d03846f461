// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.SettledUnit`.
public struct ControlSettledUnit: Sendable, Hashable {
    public var outcome: ControlSettleOutcome
    /// What its sampler draws next, to be handed on; unset if there is nothing now: the sampler asks then.
    public var next: ControlLease?

    /// A message; every field may be left at its default.
    public init() { self.init(outcome: ControlSettleOutcome(number: 0)) }

    /// A message with the given fields.
    public init(outcome: ControlSettleOutcome = ControlSettleOutcome(number: 0), next: ControlLease? = nil) {
        self.outcome = outcome
        self.next = next
    }
}

extension ControlSettledUnit: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__SettledUnit()
        atelier__control__settled_unit__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettledUnit.self).pointee
        self.init()
        outcome = ControlSettleOutcome(number: Int32(truncatingIfNeeded: c.outcome.rawValue))
        next = WireValue.message(c.next)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettledUnit.self)
        c.pointee.outcome = .init(rawValue: .init(truncatingIfNeeded: outcome.number))
        if let next { c.pointee.next = arena.message(next).assumingMemoryBound(to: Atelier__Control__Lease.self) }
    }
}
