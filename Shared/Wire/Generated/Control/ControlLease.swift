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
    /// Unset: as the policy alone draws.
    public var exploration: ControlExploration?
    /// Whether the learner wants the whole trajectory, or only where it ends.
    public var wholeTrajectory: Bool
    /// What the noise is a function of, with the seed: the unit, or the same number whenever a validation picture is
    /// drawn.
    public var noiseUnit: UInt64

    /// A message; every field may be left at its default.
    public init() { self.init(unit: 0) }

    /// A message with the given fields.
    public init(
        unit: UInt64 = 0, token: UInt64 = 0, policyVersion: UInt32 = 0, adapterSha256: String = "",
        adapterModules: UInt32 = 0, remainingMs: UInt64 = 0, runSeed: UInt64 = 0, prompts: [String] = [],
        steps: UInt32 = 0, guidance: Double = 0, eta: Double = 0, learnerAddress: String = "",
        exploration: ControlExploration? = nil, wholeTrajectory: Bool = false, noiseUnit: UInt64 = 0
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
        self.exploration = exploration
        self.wholeTrajectory = wholeTrajectory
        self.noiseUnit = noiseUnit
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
        exploration = WireValue.message(c.exploration)
        wholeTrajectory = c.whole_trajectory != 0
        noiseUnit = c.noise_unit
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
        if let exploration {
            c.pointee.exploration = arena.message(exploration).assumingMemoryBound(
                to: Atelier__Control__Exploration.self)
        }
        c.pointee.whole_trajectory = wholeTrajectory ? 1 : 0
        c.pointee.noise_unit = noiseUnit
    }
}
