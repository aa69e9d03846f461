// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.HeartbeatRequest`.
public struct ControlHeartbeatRequest: Sendable, Hashable {
    public var name: String
    /// What the worker does now, in words.
    public var activity: String

    /// A message; every field may be left at its default.
    public init() { self.init(name: "") }

    /// A message with the given fields.
    public init(name: String = "", activity: String = "") {
        self.name = name
        self.activity = activity
    }
}

extension ControlHeartbeatRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__HeartbeatRequest()
        atelier__control__heartbeat_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__HeartbeatRequest.self).pointee
        self.init()
        name = WireValue.string(c.name)
        activity = WireValue.string(c.activity)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__HeartbeatRequest.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
        if !activity.isEmpty { c.pointee.activity = arena.string(activity) }
    }
}
