import Diffusion
import Foundation
import Rewards
import RunConfiguration
import ServiceRuntime

/// What memory a run will need, worked out before its first process starts.
struct RunCheck: Encodable {
    var learnerBytes: Int
    var samplerBytes: Int
    var samplers: Int
    /// Of each reward that the run starts, by name.
    var rewardBytes: [String: Int]
    /// The rewards that are not counted, because their files are not here or cannot be read.
    var uncountedRewards: [String]
    var totalBytes: Int
    var recomputesActivations: Bool
    /// What is free, where that is known.
    var availableBytes: Int?
    /// Why the run would be refused.
    var refusal: String?

    /// What a run needs of this machine.
    ///
    /// - Throws: an error that names the model's file if it cannot be read.
    init(_ configuration: RunConfiguration) throws {
        let outline = try ModelOutline(folder: try ModelLocation.folder(configuration.model))
        let machine = MachineMemory()
        let memory = RunMemory(configuration, outline, machine: machine?.total)
        self.init(memory, configuration)
        let rewards = rewardBytes.values.reduce(0, +)
        let allowed = configuration.fleet.memoryLimit.map { Int($0 * 1e9) }
        availableBytes = allowed ?? machine?.available
        guard let available = availableBytes, totalBytes > available else { return }
        let who = allowed == nil ? machine?.bound ?? "this machine" : "fleet.memoryLimit"
        refusal =
            "the run needs about \(MachineMemory.gigabytes(totalBytes)) of memory (\(memory.description), rewards "
            + "\(MachineMemory.gigabytes(rewards))), \(who) has "
            + "\(MachineMemory.gigabytes(available)); \(Self.advice(configuration, memory)), or set fleet.memoryLimit"
    }

    /// What a reward's process will need; `nil` where its files are not here.
    private static func bytes(_ reward: RewardAssignment, in configuration: RunConfiguration) -> Int? {
        let isDifferentiated = configuration.algorithm.demands.needsRewardGradient
        // What cannot be read is named where the run is to start, by `RunInputs`.
        return try? RewardMemory(
            RewardConfiguration(reward.spec), batch: isDifferentiated ? configuration.microBatch : 16,
            isDifferentiated: isDifferentiated
        ).bytes
    }

    /// What a run with a published checkpoint needs, on a machine that has it; `nil` for one that is not known.
    init?(published configuration: RunConfiguration) {
        let name = URL(fileURLWithPath: configuration.model).lastPathComponent
        guard let outline = ModelOutline(published: name) else { return nil }
        self.init(RunMemory(configuration, outline, machine: nil), configuration)
    }

    private init(_ memory: RunMemory, _ configuration: RunConfiguration) {
        (learnerBytes, samplerBytes, samplers) = (memory.learner, memory.sampler, memory.samplers)
        (rewardBytes, uncountedRewards) = ([:], [])
        for reward in configuration.rewards where !reward.isExternal {
            if let bytes = Self.bytes(reward, in: configuration) {
                rewardBytes[reward.name] = bytes
            } else {
                uncountedRewards.append(reward.name)
            }
        }
        totalBytes = memory.total + rewardBytes.values.reduce(0, +)
        recomputesActivations = memory.recomputes
    }

    /// What takes the most, and could take less.
    private static func advice(_ configuration: RunConfiguration, _ memory: RunMemory) -> String {
        guard memory.learner > memory.sampler * memory.samplers else {
            return memory.samplers > 1
                ? "lower fleet.samplers or sampling.samplesPerUnit, or set sampling.precision to bf16"
                : "lower sampling.samplesPerUnit, or set sampling.precision to bf16"
        }
        let recompute = memory.recomputes ? "" : "set training.recompute to on, "
        return configuration.training.precision == .f32
            ? "\(recompute)lower algorithm.microBatch (\(configuration.microBatch)) or set training.precision to bf16"
            : "\(recompute)lower algorithm.microBatch (\(configuration.microBatch))"
    }

    /// For people.
    var text: String {
        let activations = recomputesActivations ? "activations computed again" : "all activations kept"
        let bound = availableBytes.map { " of \(MachineMemory.gigabytes($0)) that may be taken" } ?? ""
        return
            "  memory     \(MachineMemory.gigabytes(totalBytes))\(bound): learner \(MachineMemory.gigabytes(learnerBytes)) "
            + "(\(activations)), \(samplers) samplers of \(MachineMemory.gigabytes(samplerBytes))"
            + rewardBytes.sorted { $0.key < $1.key }.map {
                ", reward \($0.key) \(MachineMemory.gigabytes($0.value))"
            }.joined()
            + (uncountedRewards.isEmpty
                ? ""
                : "; not counted, because their files are not here or cannot be read: \(uncountedRewards.joined(separator: ", "))")
    }
}

extension RunMemory {
    fileprivate var description: String {
        "learner \(MachineMemory.gigabytes(learner)), \(samplers) samplers of \(MachineMemory.gigabytes(sampler))"
    }
}
