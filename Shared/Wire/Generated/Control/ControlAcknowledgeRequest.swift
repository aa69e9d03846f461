// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.AcknowledgeRequest`.
public struct ControlAcknowledgeRequest: Sendable, Hashable {
    public var worker: String
    public var policyVersion: UInt32
    /// SHA-256 of the bytes that were bound.
    public var sha256: String
    /// Modules that were bound.
    public var modules: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(worker: "") }

    /// A message with the given fields.
    public init(worker: String = "", policyVersion: UInt32 = 0, sha256: String = "", modules: UInt32 = 0) {
        self.worker = worker
        self.policyVersion = policyVersion
        self.sha256 = sha256
        self.modules = modules
    }
}

extension ControlAcknowledgeRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__AcknowledgeRequest()
        atelier__control__acknowledge_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__AcknowledgeRequest.self).pointee
        self.init()
        worker = WireValue.string(c.worker)
        policyVersion = c.policy_version
        sha256 = WireValue.string(c.sha256)
        modules = c.modules
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__AcknowledgeRequest.self)
        if !worker.isEmpty { c.pointee.worker = arena.string(worker) }
        c.pointee.policy_version = policyVersion
        if !sha256.isEmpty { c.pointee.sha256 = arena.string(sha256) }
        c.pointee.modules = modules
    }
}
