// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.GiveUpRequest`.
public struct ControlGiveUpRequest: Sendable, Hashable {
    public var worker: String
    public var unit: UInt64
    public var token: UInt64
    public var reason: String

    /// A message; every field may be left at its default.
    public init() { self.init(worker: "") }

    /// A message with the given fields.
    public init(worker: String = "", unit: UInt64 = 0, token: UInt64 = 0, reason: String = "") {
        self.worker = worker
        self.unit = unit
        self.token = token
        self.reason = reason
    }
}

extension ControlGiveUpRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__GiveUpRequest()
        atelier__control__give_up_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__GiveUpRequest.self).pointee
        self.init()
        worker = WireValue.string(c.worker)
        unit = c.unit
        token = c.token
        reason = WireValue.string(c.reason)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__GiveUpRequest.self)
        if !worker.isEmpty { c.pointee.worker = arena.string(worker) }
        c.pointee.unit = unit
        c.pointee.token = token
        if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
    }
}
