// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.RoundReport`.
public struct ControlRoundReport: Sendable, Hashable {
    public var round: UInt32
    public var samples: UInt32
    public var rewardMean: Double
    public var rewardStandardError: Double
    /// Mean of each reward by name.
    public var rewards: [String: Double]
    public var successRate: Double?
    public var loss: Double
    public var approximateKl: Double
    public var clipFraction: Double
    public var gradientNorm: Double
    public var staleness: UInt32
    public var rewardSet: UInt32
    public var seconds: Double
    public var updateSeconds: Double
    public var imagesPerSecond: Double
    /// What pictures and update show beside the reward, by name.
    public var monitors: [String: Double]
    /// What is wrong with the round, in one line each.
    public var warnings: [String]
    /// Unset: the policy that drew the round was not validated.
    public var validation: ControlValidationReport?

    /// A message; every field may be left at its default.
    public init() { self.init(round: 0) }

    /// A message with the given fields.
    public init(
        round: UInt32 = 0, samples: UInt32 = 0, rewardMean: Double = 0, rewardStandardError: Double = 0,
        rewards: [String: Double] = [:], successRate: Double? = nil, loss: Double = 0, approximateKl: Double = 0,
        clipFraction: Double = 0, gradientNorm: Double = 0, staleness: UInt32 = 0, rewardSet: UInt32 = 0,
        seconds: Double = 0, updateSeconds: Double = 0, imagesPerSecond: Double = 0, monitors: [String: Double] = [:],
        warnings: [String] = [], validation: ControlValidationReport? = nil
    ) {
        self.round = round
        self.samples = samples
        self.rewardMean = rewardMean
        self.rewardStandardError = rewardStandardError
        self.rewards = rewards
        self.successRate = successRate
        self.loss = loss
        self.approximateKl = approximateKl
        self.clipFraction = clipFraction
        self.gradientNorm = gradientNorm
        self.staleness = staleness
        self.rewardSet = rewardSet
        self.seconds = seconds
        self.updateSeconds = updateSeconds
        self.imagesPerSecond = imagesPerSecond
        self.monitors = monitors
        self.warnings = warnings
        self.validation = validation
    }
}

extension ControlRoundReport: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__RoundReport()
        atelier__control__round_report__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RoundReport.self).pointee
        self.init()
        round = c.round
        samples = c.samples
        rewardMean = c.reward_mean
        rewardStandardError = c.reward_standard_error
        rewards = WireValue.dictionary(c.rewards, c.n_rewards) { (WireValue.string($0.key), $0.value) }
        if c.opt_success_rate_case.rawValue == 6 { successRate = c.success_rate }
        loss = c.loss
        approximateKl = c.approximate_kl
        clipFraction = c.clip_fraction
        gradientNorm = c.gradient_norm
        staleness = c.staleness
        rewardSet = c.reward_set
        seconds = c.seconds
        updateSeconds = c.update_seconds
        imagesPerSecond = c.images_per_second
        monitors = WireValue.dictionary(c.monitors, c.n_monitors) { (WireValue.string($0.key), $0.value) }
        warnings = WireValue.array(c.warnings, c.n_warnings) { WireValue.string($0) }
        validation = WireValue.message(c.validation)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RoundReport.self)
        c.pointee.round = round
        c.pointee.samples = samples
        c.pointee.reward_mean = rewardMean
        c.pointee.reward_standard_error = rewardStandardError
        let rewardsDescriptor: WireDescriptor = {
            var entry = Atelier__Control__RoundReport__RewardsEntry()
            atelier__control__round_report__rewards_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_rewards = rewards.count
        c.pointee.rewards = arena.array(
            rewards.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(rewardsDescriptor).assumingMemoryBound(
                    to: Atelier__Control__RoundReport__RewardsEntry.self)
                entry.pointee.key = arena.string(pair.key)
                entry.pointee.value = pair.value
                return Optional(entry)
            })
        if let successRate {
            c.pointee.opt_success_rate_case = .init(rawValue: 6)
            c.pointee.success_rate = successRate
        }
        c.pointee.loss = loss
        c.pointee.approximate_kl = approximateKl
        c.pointee.clip_fraction = clipFraction
        c.pointee.gradient_norm = gradientNorm
        c.pointee.staleness = staleness
        c.pointee.reward_set = rewardSet
        c.pointee.seconds = seconds
        c.pointee.update_seconds = updateSeconds
        c.pointee.images_per_second = imagesPerSecond
        let monitorsDescriptor: WireDescriptor = {
            var entry = Atelier__Control__RoundReport__MonitorsEntry()
            atelier__control__round_report__monitors_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_monitors = monitors.count
        c.pointee.monitors = arena.array(
            monitors.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(monitorsDescriptor).assumingMemoryBound(
                    to: Atelier__Control__RoundReport__MonitorsEntry.self)
                entry.pointee.key = arena.string(pair.key)
                entry.pointee.value = pair.value
                return Optional(entry)
            })
        c.pointee.n_warnings = warnings.count
        c.pointee.warnings = arena.array(warnings.map { Optional(arena.string($0)) })
        if let validation {
            c.pointee.validation = arena.message(validation).assumingMemoryBound(
                to: Atelier__Control__ValidationReport.self)
        }
    }
}
