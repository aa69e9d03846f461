// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.FailedRequest`.
public struct ControlFailedRequest: Sendable, Hashable {
    public var worker: String
    public var reason: String

    /// A message; every field may be left at its default.
    public init() { self.init(worker: "") }

    /// A message with the given fields.
    public init(worker: String = "", reason: String = "") {
        self.worker = worker
        self.reason = reason
    }
}

extension ControlFailedRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__FailedRequest()
        atelier__control__failed_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__FailedRequest.self).pointee
        self.init()
        worker = WireValue.string(c.worker)
        reason = WireValue.string(c.reason)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__FailedRequest.self)
        if !worker.isEmpty { c.pointee.worker = arena.string(worker) }
        if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
    }
}
