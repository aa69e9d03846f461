// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.introspection.Session`.
public struct IntrospectionSession: Sendable, Hashable {
    /// What the peer calls itself.
    public var peer: String
    public var role: String
    public var address: String
    public var bootID: UInt64
    /// Whether no new calls are taken, here or there.
    public var draining: Bool
    /// Bytes that may still be sent on this session.
    public var sendCredit: Int64
    /// Bytes that have come and whose credit has not been returned.
    public var unreturnedBytes: UInt64
    /// Calls that wait for the session's credit.
    public var waitingCalls: UInt32
    public var callsStarted: UInt64
    public var calls: [IntrospectionCall]
    /// Bytes of messages that have come, or are coming, and that nobody has read, and of answers that wait.
    public var reservedBytes: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(peer: "") }

    /// A message with the given fields.
    public init(
        peer: String = "", role: String = "", address: String = "", bootID: UInt64 = 0, draining: Bool = false,
        sendCredit: Int64 = 0, unreturnedBytes: UInt64 = 0, waitingCalls: UInt32 = 0, callsStarted: UInt64 = 0,
        calls: [IntrospectionCall] = [], reservedBytes: UInt64 = 0
    ) {
        self.peer = peer
        self.role = role
        self.address = address
        self.bootID = bootID
        self.draining = draining
        self.sendCredit = sendCredit
        self.unreturnedBytes = unreturnedBytes
        self.waitingCalls = waitingCalls
        self.callsStarted = callsStarted
        self.calls = calls
        self.reservedBytes = reservedBytes
    }
}

extension IntrospectionSession: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__Session()
        atelier__introspection__session__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__Session.self).pointee
        self.init()
        peer = WireValue.string(c.peer)
        role = WireValue.string(c.role)
        address = WireValue.string(c.address)
        bootID = c.boot_id
        draining = c.draining != 0
        sendCredit = c.send_credit
        unreturnedBytes = c.unreturned_bytes
        waitingCalls = c.waiting_calls
        callsStarted = c.calls_started
        calls = WireValue.messages(c.calls, c.n_calls)
        reservedBytes = c.reserved_bytes
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__Session.self)
        if !peer.isEmpty { c.pointee.peer = arena.string(peer) }
        if !role.isEmpty { c.pointee.role = arena.string(role) }
        if !address.isEmpty { c.pointee.address = arena.string(address) }
        c.pointee.boot_id = bootID
        c.pointee.draining = draining ? 1 : 0
        c.pointee.send_credit = sendCredit
        c.pointee.unreturned_bytes = unreturnedBytes
        c.pointee.waiting_calls = waitingCalls
        c.pointee.calls_started = callsStarted
        c.pointee.n_calls = calls.count
        c.pointee.calls = arena.array(
            calls.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Introspection__Call.self)) })
        c.pointee.reserved_bytes = reservedBytes
    }
}
