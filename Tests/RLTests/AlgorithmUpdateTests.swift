import Diffusion
import Foundation
import NeuralNet
import RL
import TensorCore
import Testing

@testable import DiffusionPolicy

/// One optimiser step of each algorithm against PyTorch's in f64 (`Tests/Fixtures/algorithms/make_updates.py`).
struct AlgorithmUpdateTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")
    private let golden: SafeTensorsFile
    private let prompts = ["the cat", "the cat", "a dog"]
    private let optimizer: OptimizerConfiguration

    init() throws {
        golden = try SafeTensorsFile(path: Self.fixtures.appending(path: "algorithms/updates.safetensors").path)
        var adam = OptimizerConfiguration()
        (adam.learningRate, adam.epsilon, adam.maxGradientNorm) = (1, 1, .greatestFiniteMagnitude)
        optimizer = adam
    }

    /// The fixture's model with the fixture's adapter, or with nothing but itself.
    private func policy(trainsAll: Bool = false) throws -> DiffusionPolicy {
        var lora = LoRAConfiguration()
        (lora.rank, lora.alpha) = (2, 4)
        let policy = try DiffusionPolicy(
            model: Self.fixtures.appending(path: "pipelines/sd15"), trains: trainsAll ? .network : .lora(lora),
            isTrainable: true)
        for (path, variable) in policy.model.trained where !trainsAll {
            variable.value = try golden.tensor(named: "start.\(path)").reshaped(variable.shape)
        }
        return policy
    }

    private func batch() throws -> TrainingBatch {
        let latents = try golden.tensor(named: "latents")
        let rollout = Rollout(
            prompts: prompts, latents: latents, logProbabilities: try golden.tensor(named: "old"),
            conditions: Rollout.Conditions(guidance: [1, 3, 3, 3], eta: 1))
        let rewards = try golden.tensor(named: "rewards").scalars.map(Double.init)
        return TrainingBatch(rollouts: [rollout], rewards: [rewards])
    }

    /// Compares a step with the fixture's, where that has it: the largest error, against the largest step.
    private func check(_ policy: DiffusionPolicy, _ name: String, loss: Double) throws {
        // The two kinds of matrices apart: their steps differ in size.
        for kind in Set(policy.model.trained.map { Self.kind($0.path) }) {
            var (error, largest) = (Float(0), Float(0))
            for (index, (path, variable)) in policy.model.trained.enumerated()
            where Self.kind(path) == kind && golden.keys.contains("\(name).\(path)") {
                let expected = try golden.tensor(named: "\(name).\(path)").reshaped(variable.shape)
                let start =
                    kind == "parameter"
                    ? policy.base[index] : try golden.tensor(named: "start.\(path)").reshaped(variable.shape)
                for (index, value) in expected.scalars.enumerated() {
                    error = max(error, abs(variable.value.scalar(index) - value))
                    largest = max(largest, abs(value - start.scalar(index)))
                }
            }
            #expect(largest > 1e-4, "the step of \(name) is too small to say anything")
            // Advantages of both signs cancel: PyTorch itself is 5e-5 of the step away from its f64 when it computes in f32.
            // AlignProp's gradient comes through the decoder and a chain of steps.
            let amplification: Float =
                ["ddpo", "dpok"].contains { name.hasPrefix($0) } ? 10 : name.hasPrefix("alignprop") ? 2 : 1
            let tolerance = 1e-5 * amplification
            #expect(error < tolerance * largest, "\(name): error \(error) of a step of \(largest)")
        }
        let expected = Double(try golden.tensor(named: "\(name).loss").scalars[0])
        #expect(abs(loss - expected) < 1e-5 * max(1, abs(expected)), "\(name): loss \(loss), not \(expected)")
    }

    private static func kind(_ path: String) -> String {
        path.contains(".lora_A.") ? "down" : path.contains(".lora_B.") ? "up" : "parameter"
    }

    private func run(_ name: String, _ algorithm: AlgorithmConfiguration) throws -> UpdateMetrics {
        let policy = try policy()
        let update = policy.makeUpdate(algorithm, optimizer: optimizer, seed: 1)
        let metrics = update.update(try batch())
        try check(policy, name, loss: metrics.loss)
        return metrics
    }

    @Test("DDPO's three estimators take PyTorch's step", arguments: ["ddpo-is", "ddpo-sf", "ddpo-group"])
    func ddpo(_ name: String) throws {
        var settings = DDPO(name: name == "ddpo-sf" ? .scoreFunction : .importanceSampling)
        (settings.updatesPerRound, settings.trainedSteps) = (1, 3)
        settings.normalization = name == "ddpo-group" ? .group : .round
        let metrics = try run(name, .ddpo(settings))
        #expect(name == "ddpo-sf" ? metrics.clipFraction == 0 : metrics.clipFraction > 0)
        #expect((metrics.pathKL ?? 0) > 0)
    }

    @Test("DPOK takes PyTorch's step, with either form of the divergence", arguments: ["dpok", "dpok-exact"])
    func dpok(_ name: String) throws {
        var settings = DPOK()
        (settings.rewardWeight, settings.klWeight, settings.clipNats) = (10, 0.5, 1.64)
        settings.klForm = name == "dpok" ? .predictionMSE : .exact
        (settings.updatesPerRound, settings.transitionsPerUpdate, settings.trainedSteps) = (1, 9, 3)
        settings.value.width = 6
        settings.value.learningRate = 0.01
        settings.value.accumulation = 1
        let policy = try policy()
        let update = policy.makeUpdate(.dpok(settings), optimizer: optimizer, seed: 1)
        try update.restore(PolicyUpdateState(), tensors: update.tensors.merging(try valueStart()) { $1 })
        let metrics = update.update(try batch())
        let divergence = Double(try golden.tensor(named: "\(name).divergence").scalars[0])
        #expect(abs((metrics.baseDivergence ?? 0) - divergence) < 1e-5 * divergence)
        let error = Double(try golden.tensor(named: "value.loss").scalars[0])
        #expect(abs((metrics.valueLoss ?? 0) - error) < 1e-5 * error)
        for (key, value) in update.tensors where key.hasPrefix("value.weight.") {
            let expected = try golden.tensor(named: "value.end.\(key.dropFirst("value.weight.".count))")
            let largest = zip(value.scalars, expected.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(largest < 1e-5, "\(key)")
        }
        try check(policy, name, loss: metrics.loss)
    }

    /// The value network of the fixture, with moments that have not moved.
    private func valueStart() throws -> [String: Tensor] {
        var tensors = ["value.optimizer.step": Tensor([0], shape: [1])]
        for key in golden.keys where key.hasPrefix("value.start.") {
            let name = key.dropFirst("value.start.".count)
            let value = try golden.tensor(named: key)
            tensors["value.weight.\(name)"] = value
            tensors["value.optimizer.\(name).exp_avg"] = Tensor(zeros: value.shape)
            tensors["value.optimizer.\(name).exp_avg_sq"] = Tensor(zeros: value.shape)
        }
        return tensors
    }

    @Test(
        "all that denoise take PyTorch's step", arguments: ["rwr", "kl-d", "kl-o", "reward-weighted", "sft"])
    func denoising(_ name: String) throws {
        let policy = try policy()
        let configuration = try AlgorithmConfiguration(name: name)
        guard case .denoising(let rule) = configuration.algorithm.rule(latentElements: 256) else {
            Issue.record("\(name) does not denoise")
            return
        }
        let batch = try batch()
        let selects = name == "sft"
        let weights =
            selects
            ? SampleWeighting.bestOfPrompt.weights(
                rewards: batch.rewards[0], prompts: ["one", "one", "one"])
            : rule.weighting.weights(rewards: batch.rewards[0], prompts: prompts)
        let expected = try golden.tensor(named: "\(name).weights").scalars
        for (ours, theirs) in zip(weights, expected) { #expect(abs(ours - Double(theirs)) < 1e-6) }
        let noise = try golden.tensor(named: "noise")
        let counted = [77, 400, 930].enumerated().filter { !selects || weights[$0.offset] != 0 }.map {
            index, timestep in
            (
                DenoisingUpdate.Example(
                    latent: batch.rollouts[0].latent(of: index, after: 4),
                    record: BaseSampleRecord(prompt: prompts[index], reward: batch.rewards[0][index], guidance: 3),
                    weight: weights[index]),
                NoisedLatent(
                    latent: batch.rollouts[0].latent(of: index, after: 4), timestep: timestep, noise: noise[index])
            )
        }
        var metrics = UpdateMetrics()
        let update = DenoisingUpdate(policy: policy, rule: rule, optimizer: optimizer, seed: 1)
        _ = update.step(counted.map(\.0), counted.map(\.1), watches: false, &metrics)
        metrics.average()
        try check(policy, name, loss: metrics.loss)
    }

    @Test(
        "AlignProp takes PyTorch's step, through decoder and all steps or the last two",
        arguments: [("alignprop-full", Truncation.full), ("alignprop-2", .fixed)])
    func alignProp(_ name: String, _ truncation: Truncation) throws {
        var settings = AlignProp()
        (settings.truncation, settings.keptSteps, settings.updatesPerRound) = (truncation, 2, 1)
        // Two pictures, then one.
        settings.microBatch = 2
        let policy = try policy()
        var batch = try batch()
        let pixels = policy.pixels(batch.rollouts[0].latents[4])
        let expected = try golden.tensor(named: "pixels")
        #expect(zip(pixels.scalars, expected.scalars).allSatisfy { abs($0 - $1) < 1e-5 })
        batch.pictureGradients = [try golden.tensor(named: "pixel-gradient")]
        let update = policy.makeUpdate(.alignProp(settings), optimizer: optimizer, seed: 1)
        try check(policy, name, loss: update.update(batch).loss)
    }

    @Test(
        "RPO and DreamBooth take PyTorch's step on given pairs, also with the whole UNet",
        arguments: ["rpo", "dreambooth", "rpo-full"])
    func references(_ name: String) throws {
        var rule = ReferenceRule(instancePrompt: "the cat", updates: 1, batch: 2)
        if name == "dreambooth" { rule.prior = 0.7 } else { (rule.preference, rule.beta) = (1, 2) }
        let policy = try policy(trainsAll: name == "rpo-full")
        let (rollout, noise) = (try batch().rollouts[0], try golden.tensor(named: "pair-noise"))
        func noised(_ index: Int, sample: Int, _ prompt: String, _ timestep: Int) -> ReferenceUpdate.Noised {
            ReferenceUpdate.Noised(
                picture: NoisedLatent(
                    latent: rollout.latent(of: sample, after: 4), timestep: timestep, noise: noise[index]),
                prompt: prompt)
        }
        let pairs = [
            ReferenceUpdate.Pair(
                reference: noised(0, sample: 0, "the cat", 77), generated: noised(2, sample: 2, "a dog", 930),
                isReferencePreferred: true),
            ReferenceUpdate.Pair(
                reference: noised(1, sample: 1, "the cat", 400), generated: noised(3, sample: 1, "the cat", 5),
                isReferencePreferred: false),
        ]
        var metrics = UpdateMetrics()
        ReferenceUpdate(policy: policy, rule: rule, optimizer: optimizer, seed: 1).step(pairs, &metrics)
        metrics.average()
        try check(policy, name, loss: metrics.loss)
    }

    @Test("a picture that earns nothing pays the base penalty like the others, and one that is not selected does not")
    func worthlessPictures() throws {
        var batch = try batch()
        batch.rewards = [[0, 0, 0]]
        for (name, updates) in [("kl-o", 1), ("reward-weighted", 1), ("rwr-sparse", 1)] {
            guard case .denoising(var rule) = try AlgorithmConfiguration(name: name).algorithm.rule(latentElements: 256)
            else { continue }
            (rule.updates, rule.batch, rule.source) = (1, 3, .round)
            let metrics = DenoisingUpdate(policy: try policy(), rule: rule, optimizer: optimizer, seed: 1).update(batch)
            #expect(metrics.updates == updates, "\(name)")
        }
        #expect(!SampleWeighting.shifted(0).selects && SampleWeighting.bestOfPrompt.selects)
    }

    @Test("a DPOK run goes on from a checkpoint as if it had not stopped, replay and value network included")
    func dpokResumes() throws {
        var settings = DPOK()
        settings.replayCapacity = 20
        settings.transitionsPerUpdate = 8
        settings.value.transitions = 8
        func make() throws -> any PolicyUpdate {
            try policy().makeUpdate(.dpok(settings), optimizer: OptimizerConfiguration(), seed: 5)
        }
        let (straight, broken, resumed) = (try make(), try make(), try make())
        for _ in 0..<2 { _ = straight.update(try batch()) }
        _ = broken.update(try batch())
        try resumed.policy.bind(broken.policy.weights)
        let state = try JSONDecoder().decode(PolicyUpdateState.self, from: JSONEncoder().encode(broken.state))
        try resumed.restore(state, tensors: broken.tensors)
        _ = resumed.update(try batch())
        #expect(resumed.policy.weights.bytes() == straight.policy.weights.bytes())
        #expect(resumed.state.replay?.count == 20)
    }
}
