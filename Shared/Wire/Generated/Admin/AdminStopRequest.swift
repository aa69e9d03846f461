// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.StopRequest`.
public struct AdminStopRequest: Sendable, Hashable {
    /// Who asks, for the log.
    public var reason: String
    /// The run cannot go on: it ends as failed, for this reason.
    public var failed: Bool

    /// A message; every field may be left at its default.
    public init() { self.init(reason: "") }

    /// A message with the given fields.
    public init(reason: String = "", failed: Bool = false) {
        self.reason = reason
        self.failed = failed
    }
}

extension AdminStopRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__StopRequest()
        atelier__admin__stop_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__StopRequest.self).pointee
        self.init()
        reason = WireValue.string(c.reason)
        failed = c.failed != 0
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__StopRequest.self)
        if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
        c.pointee.failed = failed ? 1 : 0
    }
}
