// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.LeaseRequest`.
public struct ControlLeaseRequest: Sendable, Hashable {
    public var worker: String
    /// How long the coordinator may wait for work before it answers that there is none.
    public var waitMs: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(worker: "") }

    /// A message with the given fields.
    public init(worker: String = "", waitMs: UInt32 = 0) {
        self.worker = worker
        self.waitMs = waitMs
    }
}

extension ControlLeaseRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__LeaseRequest()
        atelier__control__lease_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__LeaseRequest.self).pointee
        self.init()
        worker = WireValue.string(c.worker)
        waitMs = c.wait_ms
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__LeaseRequest.self)
        if !worker.isEmpty { c.pointee.worker = arena.string(worker) }
        c.pointee.wait_ms = waitMs
    }
}
