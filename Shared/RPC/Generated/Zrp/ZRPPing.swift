// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Head of PING and PONG.
package struct ZRPPing: Sendable, Hashable {
    package var sentNs: UInt64
    package var activeCalls: UInt32
    package var queuedCalls: UInt32
    package var capacity: UInt32
    package var state: UInt32

    /// A message; every field may be left at its default.
    package init() { self.init(sentNs: 0) }

    /// A message with the given fields.
    package init(
        sentNs: UInt64 = 0, activeCalls: UInt32 = 0, queuedCalls: UInt32 = 0, capacity: UInt32 = 0, state: UInt32 = 0
    ) {
        self.sentNs = sentNs
        self.activeCalls = activeCalls
        self.queuedCalls = queuedCalls
        self.capacity = capacity
        self.state = state
    }
}

extension ZRPPing: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Ping()
        zrp__ping__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Ping.self).pointee
        self.init()
        sentNs = c.sent_ns
        activeCalls = c.active_calls
        queuedCalls = c.queued_calls
        capacity = c.capacity
        state = c.state
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Ping.self)
        c.pointee.sent_ns = sentNs
        c.pointee.active_calls = activeCalls
        c.pointee.queued_calls = queuedCalls
        c.pointee.capacity = capacity
        c.pointee.state = state
    }
}
