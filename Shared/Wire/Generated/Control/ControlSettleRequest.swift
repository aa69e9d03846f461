// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.SettleRequest`.
public struct ControlSettleRequest: Sendable, Hashable {
    public var drawn: [ControlDrawnUnit]
    public var scored: [ControlScoredUnit]

    /// A message; every field may be left at its default.
    public init() { self.init(drawn: []) }

    /// A message with the given fields.
    public init(drawn: [ControlDrawnUnit] = [], scored: [ControlScoredUnit] = []) {
        self.drawn = drawn
        self.scored = scored
    }
}

extension ControlSettleRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__SettleRequest()
        atelier__control__settle_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettleRequest.self).pointee
        self.init()
        drawn = WireValue.messages(c.drawn, c.n_drawn)
        scored = WireValue.messages(c.scored, c.n_scored)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__SettleRequest.self)
        c.pointee.n_drawn = drawn.count
        c.pointee.drawn = arena.array(
            drawn.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Control__DrawnUnit.self)) })
        c.pointee.n_scored = scored.count
        c.pointee.scored = arena.array(
            scored.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Control__ScoredUnit.self)) })
    }
}
