// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.RegisterRequest`.
public struct ControlRegisterRequest: Sendable, Hashable {
    public var name: String
    public var kind: ControlWorkerKind
    public var processID: UInt32
    /// Where it serves: the data socket of a learner, the score socket of a reward service.
    ///
    /// Empty for a sampler.
    public var address: String
    /// A reward service: what it was started with.
    public var rewardSpec: String
    /// A reward service: SHA-256 of model, weights and configuration.
    public var rewardIdentity: String

    /// A message; every field may be left at its default.
    public init() { self.init(name: "") }

    /// A message with the given fields.
    public init(
        name: String = "", kind: ControlWorkerKind = ControlWorkerKind(number: 0), processID: UInt32 = 0,
        address: String = "", rewardSpec: String = "", rewardIdentity: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.processID = processID
        self.address = address
        self.rewardSpec = rewardSpec
        self.rewardIdentity = rewardIdentity
    }
}

extension ControlRegisterRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__RegisterRequest()
        atelier__control__register_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RegisterRequest.self).pointee
        self.init()
        name = WireValue.string(c.name)
        kind = ControlWorkerKind(number: Int32(truncatingIfNeeded: c.kind.rawValue))
        processID = c.process_id
        address = WireValue.string(c.address)
        rewardSpec = WireValue.string(c.reward_spec)
        rewardIdentity = WireValue.string(c.reward_identity)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RegisterRequest.self)
        if !name.isEmpty { c.pointee.name = arena.string(name) }
        c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.number))
        c.pointee.process_id = processID
        if !address.isEmpty { c.pointee.address = arena.string(address) }
        if !rewardSpec.isEmpty { c.pointee.reward_spec = arena.string(rewardSpec) }
        if !rewardIdentity.isEmpty { c.pointee.reward_identity = arena.string(rewardIdentity) }
    }
}
