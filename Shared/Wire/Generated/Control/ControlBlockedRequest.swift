// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.BlockedRequest`.
public struct ControlBlockedRequest: Sendable, Hashable {
    /// What the learner waits for; empty when it waits for nothing any more.
    public var reason: String

    /// A message; every field may be left at its default.
    public init() { self.init(reason: "") }

    /// A message with the given fields.
    public init(reason: String = "") {
        self.reason = reason
    }
}

extension ControlBlockedRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__BlockedRequest()
        atelier__control__blocked_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__BlockedRequest.self).pointee
        self.init()
        reason = WireValue.string(c.reason)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__BlockedRequest.self)
        if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
    }
}
