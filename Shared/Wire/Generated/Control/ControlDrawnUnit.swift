// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A trajectory that has come.
public struct ControlDrawnUnit: Sendable, Hashable {
    public var unit: UInt64
    public var token: UInt64
    public var worker: String
    public var policyVersion: UInt32
    public var adapterSha256: String

    /// A message; every field may be left at its default.
    public init() { self.init(unit: 0) }

    /// A message with the given fields.
    public init(
        unit: UInt64 = 0, token: UInt64 = 0, worker: String = "", policyVersion: UInt32 = 0, adapterSha256: String = ""
    ) {
        self.unit = unit
        self.token = token
        self.worker = worker
        self.policyVersion = policyVersion
        self.adapterSha256 = adapterSha256
    }
}

extension ControlDrawnUnit: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__DrawnUnit()
        atelier__control__drawn_unit__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__DrawnUnit.self).pointee
        self.init()
        unit = c.unit
        token = c.token
        worker = WireValue.string(c.worker)
        policyVersion = c.policy_version
        adapterSha256 = WireValue.string(c.adapter_sha256)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__DrawnUnit.self)
        c.pointee.unit = unit
        c.pointee.token = token
        if !worker.isEmpty { c.pointee.worker = arena.string(worker) }
        c.pointee.policy_version = policyVersion
        if !adapterSha256.isEmpty { c.pointee.adapter_sha256 = arena.string(adapterSha256) }
    }
}
