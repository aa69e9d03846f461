// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A call that is open.
public struct IntrospectionCall: Sendable, Hashable {
    public var id: UInt64
    public var method: String
    /// Whether this process made the call; else it serves it.
    public var originated: Bool
    /// Messages that have come and have not been read.
    public var unread: UInt32
    /// Messages that wait for credit.
    public var queued: UInt32
    /// Bytes that may still be sent on this call.
    public var sendCredit: Int64

    /// A message; every field may be left at its default.
    public init() { self.init(id: 0) }

    /// A message with the given fields.
    public init(
        id: UInt64 = 0, method: String = "", originated: Bool = false, unread: UInt32 = 0, queued: UInt32 = 0,
        sendCredit: Int64 = 0
    ) {
        self.id = id
        self.method = method
        self.originated = originated
        self.unread = unread
        self.queued = queued
        self.sendCredit = sendCredit
    }
}

extension IntrospectionCall: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__Call()
        atelier__introspection__call__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__Call.self).pointee
        self.init()
        id = c.id
        method = WireValue.string(c.method)
        originated = c.originated != 0
        unread = c.unread
        queued = c.queued
        sendCredit = c.send_credit
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__Call.self)
        c.pointee.id = id
        if !method.isEmpty { c.pointee.method = arena.string(method) }
        c.pointee.originated = originated ? 1 : 0
        c.pointee.unread = unread
        c.pointee.queued = queued
        c.pointee.send_credit = sendCredit
    }
}
