// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.Worker`.
public struct AdminWorker: Sendable, Hashable {
    public var name: String
    public var kind: ControlWorkerKind
    public var processID: UInt32
    public var address: String
    public var activity: String
    /// Seconds since it was last heard of.
    public var silence: Double
    /// The adapter version that it has acknowledged; 0 for workers without one.
    public var policyVersion: UInt32
    /// Pictures that it has drawn.
    public var pictures: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(name: "") }

    /// A message with the given fields.
    public init(
        name: String = "", kind: ControlWorkerKind = ControlWorkerKind(number: 0), processID: UInt32 = 0,
        address: String = "", activity: String = "", silence: Double = 0, policyVersion: UInt32 = 0,
        pictures: UInt64 = 0
    ) {
        self.name = name
        self.kind = kind
        self.processID = processID
        self.address = address
        self.activity = activity
        self.silence = silence
        self.policyVersion = policyVersion
        self.pictures = pictures
    }
}

extension AdminWorker: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__Worker()
        atelier__admin__worker__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__Worker.self).pointee
        self.init()
        name = WireValue.string(c.name)
        kind = ControlWorkerKind(number: Int32(truncatingIfNeeded: c.kind.rawValue))
        processID = c.process_id
        address = WireValue.string(c.address)
        activity = WireValue.string(c.activity)
        silence = c.silence
        policyVersion = c.policy_version
        pictures = c.pictures
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__Worker.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
        c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.number))
        c.pointee.process_id = processID
        if !address.isEmpty { c.pointee.address = arena.string(address) }
        if !activity.isEmpty { c.pointee.activity = arena.string(activity) }
        c.pointee.silence = silence
        c.pointee.policy_version = policyVersion
        c.pointee.pictures = pictures
    }
}
