// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// The dialer's first message.
package struct ZRPHello: Sendable, Hashable {
    package var versionMin: UInt32
    package var versionMax: UInt32
    /// The dialer's name, for logs; not an authorisation.
    package var peer: String
    package var role: String
    /// A random number drawn when the process started.
    package var bootID: UInt64
    package var limits: ZRPLimits?
    /// Full names of the services that the dialer serves on this session.
    package var serves: [String]
    package var schemaDigest: [UInt8]
    /// How bodies may be compressed: names of algorithms, the preferred one first.
    ///
    /// ZRP/1 knows "zlib" (RFC 1950).
    package var compression: [String]
    package var build: String

    /// A message; every field may be left at its default.
    package init() { self.init(versionMin: 0) }

    /// A message with the given fields.
    package init(
        versionMin: UInt32 = 0, versionMax: UInt32 = 0, peer: String = "", role: String = "", bootID: UInt64 = 0,
        limits: ZRPLimits? = nil, serves: [String] = [], schemaDigest: [UInt8] = [], compression: [String] = [],
        build: String = ""
    ) {
        self.versionMin = versionMin
        self.versionMax = versionMax
        self.peer = peer
        self.role = role
        self.bootID = bootID
        self.limits = limits
        self.serves = serves
        self.schemaDigest = schemaDigest
        self.compression = compression
        self.build = build
    }
}

extension ZRPHello: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Hello()
        zrp__hello__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Hello.self).pointee
        self.init()
        versionMin = c.version_min
        versionMax = c.version_max
        peer = WireValue.string(c.peer)
        role = WireValue.string(c.role)
        bootID = c.boot_id
        limits = WireValue.message(c.limits)
        serves = WireValue.array(c.serves, c.n_serves) { WireValue.string($0) }
        schemaDigest = WireValue.bytes(c.schema_digest.data, c.schema_digest.len)
        compression = WireValue.array(c.compression, c.n_compression) { WireValue.string($0) }
        build = WireValue.string(c.build)
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Hello.self)
        c.pointee.version_min = versionMin
        c.pointee.version_max = versionMax
        if !peer.isEmpty { c.pointee.peer = arena.string(peer) }
        if !role.isEmpty { c.pointee.role = arena.string(role) }
        c.pointee.boot_id = bootID
        if let limits { c.pointee.limits = arena.message(limits).assumingMemoryBound(to: Zrp__Limits.self) }
        c.pointee.n_serves = serves.count
        c.pointee.serves = arena.array(serves.map { Optional(arena.string($0)) })
        c.pointee.schema_digest = ProtobufCBinaryData(len: schemaDigest.count, data: arena.bytes(schemaDigest))
        c.pointee.n_compression = compression.count
        c.pointee.compression = arena.array(compression.map { Optional(arena.string($0)) })
        if !build.isEmpty { c.pointee.build = arena.string(build) }
    }
}
