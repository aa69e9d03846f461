// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// No new calls are taken.
package struct ZRPGoAway: Sendable, Hashable {
    package var reason: UInt32
    package var text: String
    package var lastCallID: UInt64
    package var graceMs: UInt32

    /// A message; every field may be left at its default.
    package init() { self.init(reason: 0) }

    /// A message with the given fields.
    package init(reason: UInt32 = 0, text: String = "", lastCallID: UInt64 = 0, graceMs: UInt32 = 0) {
        self.reason = reason
        self.text = text
        self.lastCallID = lastCallID
        self.graceMs = graceMs
    }
}

extension ZRPGoAway: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__GoAway()
        zrp__go_away__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__GoAway.self).pointee
        self.init()
        reason = c.reason
        text = WireValue.string(c.text)
        lastCallID = c.last_call_id
        graceMs = c.grace_ms
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__GoAway.self)
        c.pointee.reason = reason
        if !text.isEmpty { c.pointee.text = arena.string(text) }
        c.pointee.last_call_id = lastCallID
        c.pointee.grace_ms = graceMs
    }
}
