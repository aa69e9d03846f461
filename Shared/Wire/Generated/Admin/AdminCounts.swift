// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.Counts`.
public struct AdminCounts: Sendable, Hashable {
    public var issued: UInt64
    public var trained: UInt64
    public var buffered: UInt64
    public var inFlight: UInt64
    public var dropped: [AdminDroppedCount]

    /// A message; every field may be left at its default.
    public init() { self.init(issued: 0) }

    /// A message with the given fields.
    public init(
        issued: UInt64 = 0, trained: UInt64 = 0, buffered: UInt64 = 0, inFlight: UInt64 = 0,
        dropped: [AdminDroppedCount] = []
    ) {
        self.issued = issued
        self.trained = trained
        self.buffered = buffered
        self.inFlight = inFlight
        self.dropped = dropped
    }
}

extension AdminCounts: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__Counts()
        atelier__admin__counts__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__Counts.self).pointee
        self.init()
        issued = c.issued
        trained = c.trained
        buffered = c.buffered
        inFlight = c.in_flight
        dropped = WireValue.messages(c.dropped, c.n_dropped)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__Counts.self)
        c.pointee.issued = issued
        c.pointee.trained = trained
        c.pointee.buffered = buffered
        c.pointee.in_flight = inFlight
        c.pointee.n_dropped = dropped.count
        c.pointee.dropped = arena.array(
            dropped.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Admin__DroppedCount.self)) })
    }
}
