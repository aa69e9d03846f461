import Diffusion
import DiffusionPolicy
import Foundation
import Imaging
import NeuralNet
import RL
import TensorCore
import Testing

/// The embedded model, as every test of this suite uses it.
private let base = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Shared/Menagerie/Base")

@Suite struct DiffusionPolicyTests {
    private let settings = SamplingSettings(steps: 4, guidance: 3, eta: 1)
    private let prompts = ["a red fox", "a green colored rabbit", "four wolves"]

    private func policy(trainable: Bool = true) throws -> DiffusionPolicy {
        try DiffusionPolicy(model: base, trains: .lora(LoRAConfiguration()), isTrainable: trainable)
    }

    @Test("a unit drawn twice, by a sampler and by a learner, has the same bytes")
    func rolloutIsAFunction() throws {
        let (learner, sampler) = (try policy(), try policy(trainable: false))
        let first = learner.rollout(prompts: prompts, unit: 7, runSeed: 3, settings: settings)
        let second = sampler.rollout(prompts: prompts, unit: 7, runSeed: 3, settings: settings)
        #expect(first.rollout.latents.scalars == second.rollout.latents.scalars)
        #expect(first.rollout.logProbabilities.scalars == second.rollout.logProbabilities.scalars)
        #expect(first.pictures == second.pictures)
        let other = sampler.rollout(prompts: prompts, unit: 8, runSeed: 3, settings: settings)
        #expect(other.rollout.latents.scalars != first.rollout.latents.scalars)
    }

    @Test("the adapter's gradient agrees with a finite difference", arguments: [ComputePrecision.f32, .bf16])
    func selfCheckPasses(precision: ComputePrecision) throws {
        try DiffusionPolicy(
            model: base, trains: .lora(LoRAConfiguration()), isTrainable: true, precision: precision
        ).selfCheck()
    }

    @Test("the whole network's gradient agrees with a finite difference")
    func selfCheckOfTheWholeNetworkPasses() throws {
        try DiffusionPolicy(model: base, trains: .network, isTrainable: true).selfCheck()
    }

    @Test("every trainable scheduler gives trajectories whose ratios start at 1", arguments: SamplingMethod.allCases)
    func schedulersCanBeTrained(_ scheduler: SamplingMethod) throws {
        let policy = try DiffusionPolicy(
            model: base, trains: .lora(LoRAConfiguration()), isTrainable: true, scheduler: scheduler)
        guard scheduler.isTrainable else {
            #expect(throws: ModelError.self) { try policy.check(settings) }
            return
        }
        try policy.check(settings)
        let rollout = policy.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings).rollout
        let drawn = rollout.logProbabilities.scalars.filter { $0 != 0 }.count
        #expect(drawn == (scheduler == .ddim ? 4 : 3) * prompts.count)
        let update = policy.makeUpdate(AlgorithmConfiguration(), optimizer: OptimizerConfiguration(), seed: 1)
        let metrics = update.update(TrainingBatch(rollouts: [rollout], rewards: [[1, 0, 0]]))
        #expect(metrics.ratioDrift < 1e-4 && metrics.gradientNorm > 0 && metrics.gradientNorm.isFinite)
    }

    @Test("an update that computes activations again is the update that keeps them, but for the order of sums")
    func recomputingChangesNothing() throws {
        func update(recomputing: Bool) throws -> (UpdateMetrics, adapter: [Float]) {
            let policy = try policy()
            policy.recomputesActivations = recomputing
            let rollout = policy.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings).rollout
            let update = policy.makeUpdate(AlgorithmConfiguration(), optimizer: OptimizerConfiguration(), seed: 1)
            let metrics = update.update(TrainingBatch(rollouts: [rollout], rewards: [[1, 0, 0]]))
            return (metrics, policy.model.trained.flatMap { $0.variable.value.scalars })
        }
        let (kept, again) = (try update(recomputing: false), try update(recomputing: true))
        #expect(abs(kept.0.gradientNorm - again.0.gradientNorm) < 1e-4 * kept.0.gradientNorm)
        let difference = zip(kept.adapter, again.adapter).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(difference < 1e-4 * kept.adapter.reduce(0) { $0 + $1 * $1 })
    }

    @Test("before the first step every ratio is 1, and the update raises the log-probability of what was rewarded")
    func updateFollowsTheReward() throws {
        let policy = try policy()
        let rollout = policy.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings).rollout
        var algorithm = DDPO(name: .scoreFunction)
        algorithm.normalization = .round
        let update = policy.makeUpdate(.ddpo(algorithm), optimizer: OptimizerConfiguration(), seed: 1)
        let batch = TrainingBatch(rollouts: [rollout], rewards: [[1, 0, 0]])
        let first = update.update(batch)
        #expect(first.ratioDrift < 1e-4)
        #expect(first.gradientNorm > 0)
        let before = first.loss
        let second = update.update(batch)
        #expect(second.loss < before)
        #expect(second.approximateKL > 0)
    }

    @Test(
        "pictures drawn in bf16 have ratio 1 before the first step, because the learner recomputes the log-probabilities",
        .enabled(if: ComputePrecision.bf16.supported == .bf16, "this processor has no bf16 instructions"))
    func bf16SamplersNeedRecomputing() throws {
        let learner = try policy()
        let sampler = try DiffusionPolicy(
            model: base, trains: .lora(LoRAConfiguration()), isTrainable: false, precision: .bf16)
        let exact = learner.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings).rollout
        let rollout = sampler.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings).rollout
        for (own, low) in zip(exact.logProbabilities.scalars, rollout.logProbabilities.scalars) {
            #expect(abs(own - low) < 1e-3)
        }
        func drift(recomputing: Bool) throws -> Double {
            try policy().makeUpdate(
                AlgorithmConfiguration(), optimizer: OptimizerConfiguration(), seed: 1, recomputesOld: recomputing
            ).update(TrainingBatch(rollouts: [rollout], rewards: [[1, 0, 0.5]])).ratioDrift
        }
        let (with, without) = (try drift(recomputing: true), try drift(recomputing: false))
        #expect(with < 1e-5)
        #expect(without > 10 * with)
    }

    @Test(
        "the embedded model's networks give in bf16 what they give in f32, within 2e-2",
        .enabled(if: ComputePrecision.bf16.supported == .bf16, "this processor has no bf16 instructions"))
    func bf16OutputsAreClose() throws {
        func outputs(_ precision: ComputePrecision) throws -> [Tensor] {
            let policy = try DiffusionPolicy(
                model: base, trains: .lora(LoRAConfiguration()), isTrainable: false, precision: precision)
            let shape = policy.model.latentShape(samples: 3)
            let pictures = policy.model.decode(Noise(seed: 1, purpose: .experiment).gaussian(shape: shape))
            let unit = policy.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings)
            return [pictures, unit.rollout.latents[1]]
        }
        for (exact, low) in zip(try outputs(.f32), try outputs(.bf16)) {
            let largest = exact.scalars.reduce(0) { max($0, abs($1)) }
            let error = zip(exact.scalars, low.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(error < 2e-2 * largest && error > 0)
        }
    }

    @Test("an update goes on from a checkpoint as if it had not stopped")
    func updateResumes() throws {
        func makeUpdate() throws -> any PolicyUpdate {
            try policy().makeUpdate(AlgorithmConfiguration(), optimizer: OptimizerConfiguration(), seed: 4)
        }
        let (straight, broken) = (try makeUpdate(), try makeUpdate())
        let rollout = straight.policy.rollout(prompts: prompts, unit: 1, runSeed: 1, settings: settings).rollout
        let batch = TrainingBatch(rollouts: [rollout], rewards: [[0.2, 0.9, 0.1]])
        _ = straight.update(batch)
        _ = straight.update(batch)
        _ = broken.update(batch)

        let resumed = try makeUpdate()
        try resumed.policy.bind(broken.policy.weights)
        let state = try JSONDecoder().decode(
            PolicyUpdateState.self, from: JSONEncoder().encode(broken.state))
        try resumed.restore(state, tensors: broken.tensors)
        _ = resumed.update(batch)
        #expect(resumed.policy.weights.bytes() == straight.policy.weights.bytes())
    }

    @Test("an adapter comes back from its PEFT folder, and a strange one is refused by name")
    func adapterRoundTrips() throws {
        let policy = try policy()
        let folder = FileManager.default.temporaryDirectory.appending(path: "adapter-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try policy.write(to: folder)
        let read = try Adapter(folder: folder)
        #expect(read.weights() == policy.weights.bytes())
        #expect(try policy.bind(.adapter(read)) == read.matrices.count / 2)

        var strange = read
        strange.matrices["nowhere.to_q.lora_A.weight"] = Tensor(zeros: [4, 4])
        let error = try #require(throws: ParameterError.self) { try policy.bind(.adapter(strange)) }
        #expect(error.description.contains("nowhere.to_q"))
    }
}
