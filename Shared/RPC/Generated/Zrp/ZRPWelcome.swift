// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// The listener's answer to Hello.
package struct ZRPWelcome: Sendable, Hashable {
    package var version: UInt32
    package var peer: String
    package var bootID: UInt64
    package var sessionID: UInt64
    package var limits: ZRPLimits?
    package var heartbeatMs: UInt32
    package var leaseMs: UInt32
    package var serves: [String]
    /// One of those of Hello, or empty: bodies are not compressed.
    ///
    /// Holds for both directions.
    package var compression: String
    package var role: String

    /// A message; every field may be left at its default.
    package init() { self.init(version: 0) }

    /// A message with the given fields.
    package init(
        version: UInt32 = 0, peer: String = "", bootID: UInt64 = 0, sessionID: UInt64 = 0, limits: ZRPLimits? = nil,
        heartbeatMs: UInt32 = 0, leaseMs: UInt32 = 0, serves: [String] = [], compression: String = "", role: String = ""
    ) {
        self.version = version
        self.peer = peer
        self.bootID = bootID
        self.sessionID = sessionID
        self.limits = limits
        self.heartbeatMs = heartbeatMs
        self.leaseMs = leaseMs
        self.serves = serves
        self.compression = compression
        self.role = role
    }
}

extension ZRPWelcome: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Welcome()
        zrp__welcome__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Welcome.self).pointee
        self.init()
        version = c.version
        peer = WireValue.string(c.peer)
        bootID = c.boot_id
        sessionID = c.session_id
        limits = WireValue.message(c.limits)
        heartbeatMs = c.heartbeat_ms
        leaseMs = c.lease_ms
        serves = WireValue.array(c.serves, c.n_serves) { WireValue.string($0) }
        compression = WireValue.string(c.compression)
        role = WireValue.string(c.role)
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Welcome.self)
        c.pointee.version = version
        if !peer.isEmpty { c.pointee.peer = arena.string(peer) }
        c.pointee.boot_id = bootID
        c.pointee.session_id = sessionID
        if let limits { c.pointee.limits = arena.message(limits).assumingMemoryBound(to: Zrp__Limits.self) }
        c.pointee.heartbeat_ms = heartbeatMs
        c.pointee.lease_ms = leaseMs
        c.pointee.n_serves = serves.count
        c.pointee.serves = arena.array(serves.map { Optional(arena.string($0)) })
        if !compression.isEmpty { c.pointee.compression = arena.string(compression) }
        if !role.isEmpty { c.pointee.role = arena.string(role) }
    }
}
