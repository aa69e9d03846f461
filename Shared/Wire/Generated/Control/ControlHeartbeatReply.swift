// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.HeartbeatReply`.
public struct ControlHeartbeatReply: Sendable, Hashable {
    /// The coordinator does not know the worker (it was silent for too long): register again.
    public var unknown: Bool
    /// The run is over: stop.
    public var stop: Bool

    /// A message; every field may be left at its default.
    public init() { self.init(unknown: false) }

    /// A message with the given fields.
    public init(unknown: Bool = false, stop: Bool = false) {
        self.unknown = unknown
        self.stop = stop
    }
}

extension ControlHeartbeatReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__HeartbeatReply()
        atelier__control__heartbeat_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__HeartbeatReply.self).pointee
        self.init()
        unknown = c.unknown != 0
        stop = c.stop != 0
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__HeartbeatReply.self)
        c.pointee.unknown = unknown ? 1 : 0
        c.pointee.stop = stop ? 1 : 0
    }
}
