// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// The right to draw one unit until a deadline.
public struct ControlLease: Sendable, Hashable {
    public var unit: UInt64
    public var token: UInt64
    public var policyVersion: UInt32
    /// SHA-256 that the adapter of this version has.
    public var adapterSha256: String
    /// Modules that the adapter binds.
    public var adapterModules: UInt32
    /// Milliseconds until the unit is given to somebody else.
    public var remainingMs: UInt64
    public var runSeed: UInt64
    public var prompts: [String]
    public var steps: UInt32
    public var guidance: Double
    public var eta: Double
    public var learnerAddress: String
    /// ddim, ddpm or euler-ancestral.
    public var scheduler: String

    /// A message; every field may be left at its default.
    public init() { self.init(unit: 0) }

    /// A message with the given fields.
    public init(
        unit: UInt64 = 0, token: UInt64 = 0, policyVersion: UInt32 = 0, adapterSha256: String = "",
        adapterModules: UInt32 = 0, remainingMs: UInt64 = 0, runSeed: UInt64 = 0, prompts: [String] = [],
        steps: UInt32 = 0, guidance: Double = 0, eta: Double = 0, learnerAddress: String = "", scheduler: String = ""
    ) {
        self.unit = unit
        self.token = token
        self.policyVersion = policyVersion
        self.adapterSha256 = adapterSha256
        self.adapterModules = adapterModules
        self.remainingMs = remainingMs
        self.runSeed = runSeed
        self.prompts = prompts
        self.steps = steps
        self.guidance = guidance
        self.eta = eta
        self.learnerAddress = learnerAddress
        self.scheduler = scheduler
    }
}

extension ControlLease: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__Lease()
        atelier__control__lease__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__Lease.self).pointee
        self.init()
        unit = c.unit
        token = c.token
        policyVersion = c.policy_version
        adapterSha256 = WireValue.string(c.adapter_sha256)
        adapterModules = c.adapter_modules
        remainingMs = c.remaining_ms
        runSeed = c.run_seed
        prompts = WireValue.array(c.prompts, c.n_prompts) { WireValue.string($0) }
        steps = c.steps
        guidance = c.guidance
        eta = c.eta
        learnerAddress = WireValue.string(c.learner_address)
        scheduler = WireValue.string(c.scheduler)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__Lease.self)
        c.pointee.unit = unit
        c.pointee.token = token
        c.pointee.policy_version = policyVersion
        if !adapterSha256.isEmpty { c.pointee.adapter_sha256 = arena.string(adapterSha256) }
        c.pointee.adapter_modules = adapterModules
        c.pointee.remaining_ms = remainingMs
        c.pointee.run_seed = runSeed
        c.pointee.n_prompts = prompts.count
        c.pointee.prompts = arena.array(prompts.map { Optional(arena.string($0)) })
        c.pointee.steps = steps
        c.pointee.guidance = guidance
        c.pointee.eta = eta
        if !learnerAddress.isEmpty { c.pointee.learner_address = arena.string(learnerAddress) }
        if !scheduler.isEmpty { c.pointee.scheduler = arena.string(scheduler) }
    }
}
