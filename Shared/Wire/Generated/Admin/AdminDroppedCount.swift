// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.DroppedCount`.
public struct AdminDroppedCount: Sendable, Hashable {
    public var reason: String
    public var pictures: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(reason: "") }

    /// A message with the given fields.
    public init(reason: String = "", pictures: UInt64 = 0) {
        self.reason = reason
        self.pictures = pictures
    }
}

extension AdminDroppedCount: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__DroppedCount()
        atelier__admin__dropped_count__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__DroppedCount.self).pointee
        self.init()
        reason = WireValue.string(c.reason)
        pictures = c.pictures
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__DroppedCount.self)
        if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
        c.pointee.pictures = pictures
    }
}
