// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.SettleReply`.
public struct ControlSettleReply: Sendable, Hashable {
    /// The drawn units, in their order.
    public var drawn: [ControlSettledUnit]

    /// A message; every field may be left at its default.
    public init() { self.init(drawn: []) }

    /// A message with the given fields.
    public init(drawn: [ControlSettledUnit] = []) {
        self.drawn = drawn
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
        drawn = WireValue.messages(c.drawn, c.n_drawn)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettleReply.self)
        c.pointee.n_drawn = drawn.count
        c.pointee.drawn = arena.array(
            drawn.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Control__SettledUnit.self)) })
    }
}
