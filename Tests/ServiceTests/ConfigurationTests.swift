import RL
import RunConfiguration
import ServiceRuntime
import Testing
import Yams

struct ConfigurationTests {
    @Test func anEmptyFileIsTheDefaults() throws {
        #expect(try RunConfiguration(yaml: "") == RunConfiguration())
    }

    @Test func numbersAreWrittenAsPeopleWriteThem() throws {
        var configuration = RunConfiguration()
        (configuration.optimizer.learningRate, configuration.optimizer.epsilon) = (0.00001, 1e-8)
        (configuration.sampling.guidance, configuration.optimizer.beta2) = (5, 0.999)
        let lines = configuration.yaml().split(separator: "\n").map { $0.drop { $0 == " " } }
        for line in ["learningRate: 1e-05", "epsilon: 1e-08", "guidance: 5", "beta2: 0.999"] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        #expect(try RunConfiguration(yaml: configuration.yaml()) == configuration)
    }

    @Test func theResolvedFileReadsBackToTheSame() throws {
        var configuration = RunConfiguration()
        var algorithm = DDPO(name: .importanceSampling)
        algorithm.clipRange = 0.001
        algorithm.trainedSteps = nil
        configuration.algorithm = .ddpo(algorithm)
        configuration.prompts = ["a: \"quoted\" prompt", "#2"]
        configuration.rewards = [
            .init(name: "a", spec: "checker", weight: 0.5), .init(name: "b", spec: "checker:count"),
        ]
        #expect(try RunConfiguration(yaml: configuration.yaml()) == configuration)
    }

    @Test func aRewardCanBeATree() throws {
        let yaml = "rewards: [{name: a, spec: {sum: [checker, {weight: 0.5, reward: brightness}]}, weight: 2}]"
        let configuration = try RunConfiguration(yaml: yaml, overrides: ["rewards.0.weight=3"])
        let spec =
            #"{"sum":[{"name":"checker:graded","reward":"checker:graded","weight":1},"#
            + #"{"name":"brightness","reward":"brightness","weight":0.5}]}"#
        #expect(configuration.rewards == [.init(name: "a", spec: spec, weight: 3)])
        #expect(try RunConfiguration(yaml: configuration.yaml()) == configuration)
        let swapped = try RunConfiguration(yaml: "", overrides: ["rewards.0.spec={min: [checker, brightness]}"])
        #expect(swapped.rewards[0].spec.hasPrefix(#"{"min":{"rewards":["#))
    }

    @Test func overridesComeLast() throws {
        let configuration = try RunConfiguration(
            yaml: "rounds: 3\nsampling: {steps: 7}",
            overrides: [
                "sampling.steps=9", "rewards.0.spec=jpeg-compressibility?quality=50", "algorithm.name=dpok",
                "algorithm.preset=code-many-prompts", "algorithm.clipRange=0.01", "algorithm.value.width=64",
            ])
        #expect(configuration.rounds == 3)
        #expect(configuration.sampling.steps == 9)
        #expect(configuration.rewards[0].spec == "jpeg-compressibility?quality=50")
        guard case .dpok(let dpok) = configuration.algorithm else {
            Issue.record("not DPOK: \(configuration.algorithm)")
            return
        }
        #expect(dpok.clipRange == 0.01 && dpok.value.width == 64 && dpok.rewardWeight == 1000)
    }

    @Test(arguments: AlgorithmConfiguration.names)
    func everyAlgorithmReadsBackToTheSame(name: String) throws {
        let subject = ["rpo", "dreambooth"].contains(name) ? ", references: here, instancePrompt: it" : ""
        let configuration = try RunConfiguration(
            yaml: "algorithm: {name: \(name)\(subject)}\nrewards: [{spec: smoothness}]")
        #expect(configuration.algorithm.name == name)
        #expect(try RunConfiguration(yaml: configuration.yaml()) == configuration)
    }

    @Test(arguments: [
        ("sampling: {stps: 3}", "sampling.stps: unknown key; did you mean 'steps'?"),
        ("wibble: 3", "wibble: unknown key; known here: "),
        ("rewards: [{nme: a}]", "rewards.0.nme: unknown key; did you mean 'name'?"),
        ("rounds: many", "rounds: this is no whole number"),
        ("rounds: {a: 1}", "rounds: this key holds a value, not a group of keys"),
        ("sampling: 3", "sampling: a group of keys is needed here"),
        ("prompts: one", "prompts: a list is needed here"),
        ("rounds: 0", "rounds: 0 is not positive"),
        ("rounds: [", "not YAML: "),
        ("sampling: {samplesPerRound: 10, samplesPerUnit: 4}", "sampling.samplesPerRound: 10 is not a multiple"),
        ("rewards: [{name: a}, {name: a}]", "rewards.1.name: 'a' is used twice"),
        ("rewards: [{spec: beauty}]", "rewards.0.spec: there is no reward \"beauty\"; there are: checker"),
        ("algorithm: {name: ppo}", "algorithm.name: there is no algorithm 'ppo'; there are: ddpo-sf, ddpo-is, dpok"),
        (
            "algorithm: {name: dpok, preset: papr}",
            "algorithm.preset: dpok has no preset 'papr'; it has: standard, paper"
        ),
        ("algorithm: {name: dpok, klwieght: 1}", "algorithm.klwieght: unknown key; did you mean 'klWeight'?"),
        (
            "algorithm: {name: rwr, clipRange: 1}",
            "algorithm.clipRange: this algorithm has no such key; it belongs to ddpo-sf, ddpo-is, dpok: leave it out"
        ),
        ("algorithm: {klForm: exact}", "algorithm.klForm: this algorithm has no such key; it belongs to dpok: "),
        // α, and no rollouts that it could weigh.
        (
            "algorithm: {name: sft, rewardWeight: 10}",
            "algorithm.rewardWeight: this algorithm has no such key; it belongs to dpok: leave it out, or set algorithm.name"
        ),
        (
            "algorithm: {name: ddpo-sf, updatesPerRound: 2}",
            "algorithm.updatesPerRound: ddpo-sf holds on policy only: set"
        ),
        ("algorithm: {trainedSteps: 30}", "algorithm.trainedSteps: 30 steps cannot be trained of 20 that are drawn"),
        ("sampling: {eta: 0}", "sampling.eta: ddpo-is learns from the probability of noisy steps"),
        ("algorithm: {name: sft, baseSamples: 30}", "algorithm.baseSamples: 30 is not a multiple of"),
        (
            "{algorithm: {name: rwr}, exploration: {share: 0.5}}",
            "exploration.share: rwr does not learn from trajectories"
        ),
        ("algorithm: {name: rpo}", "algorithm.references: there are no reference pictures: name a folder"),
        ("algorithm: {name: dreambooth, references: here}", "algorithm.instancePrompt: the subject has no name: say"),
        (
            "{algorithm: {name: alignprop, truncation: fixed, keptSteps: 21}, rewards: [{spec: smoothness}]}",
            "algorithm.keptSteps: 21 steps cannot be trained of 20 that are drawn"
        ),
        ("algorithm: {name: alignprop}", "rewards.0.spec: alignprop needs rewards that say how they change"),
        ("validation: {every: 2, samples: 30}", "validation.samples: 30 is not a multiple of"),
        (
            "validation: {reward: beauty}",
            "validation.reward: there is no reward 'beauty' in this run; there are: checker"
        ),
        ("rewards: [{spec: {sum: [beauty]}}]", "rewards.0.spec: there is no reward \"beauty\"; there are: checker"),
        ("lora: {targetModules: []}", "lora.targetModules: no layer is adapted"),
        (
            "sampling: {scheduler: dpm-solver++}",
            "sampling.scheduler: the steps of dpm-solver++ have no log-probability"
        ),
        ("sampling: {scheduler: ddpm, eta: 0.5}", "sampling.eta: ddpm has no η"),
        ("sampling: {scheduler: plms}", "sampling.scheduler: 'plms' is not one of ddim, ddpm, euler-ancestral"),
        ("training: {recompute: maybe}", "training.recompute: 'maybe' is not one of auto, on, off"),
        ("algorithm: {name: dpok, klForm: foo}", "algorithm.klForm: 'foo' is not one of prediction-mse, exact"),
        ("algorithm: {timestepFraction: 0}", "algorithm.timestepFraction: 0.0 must be above 0 and at most 1"),
        ("algorithm: {timestepFraction: 1.5}", "algorithm.timestepFraction: 1.5 must be above 0 and at most 1"),
        ("optimizer: {beta1: 1}", "optimizer.beta1: 1.0 must be at least 0 and below 1"),
        ("optimizer: {beta2: -0.1}", "optimizer.beta2: -0.1 must be at least 0 and below 1"),
        ("optimizer: {beta2: .nan}", "optimizer.beta2: nan must be at least 0 and below 1"),
        ("optimizer: {epsilon: 0}", "optimizer.epsilon: 0.0 is not positive"),
        ("optimizer: {weightDecay: -1}", "optimizer.weightDecay: -1.0 must be a number that is not negative"),
        ("seed: -1", "seed: this is no whole number that is not negative"),
        ("rewards: [{spec: {mean: [{weight: 2, reward: checker}]}}]", "rewards.0.spec: mean does not weigh its parts"),
        ("{staleness: 1, training: {precision: bf16}}", "training.precision: bf16 needs staleness 0"),
    ])
    func refusesWithTheKey(yaml: String, message: String) throws {
        do {
            _ = try RunConfiguration(yaml: yaml)
            Issue.record("taken: \(yaml)")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    @Test(arguments: AlgorithmConfiguration.names)
    func everyKeyThatHoldsAWordSaysWhichThereAre(name: String) throws {
        let subject = ["rpo", "dreambooth"].contains(name) ? ", references: here, instancePrompt: it" : ""
        let yaml =
            "{algorithm: {name: \(name)\(subject)}, rewards: [{spec: smoothness}], checkpoints: {gridScheduler: euler}}"
        let tree = try #require(try Yams.compose(yaml: RunConfiguration(yaml: yaml).yaml())?.mapping)
        var choices = 0
        for (group, node) in tree {
            for (key, value) in node.mapping ?? [:] where value.string != nil {
                let path = "\(group.string ?? "").\(key.string ?? "")"
                do {
                    _ = try RunConfiguration(yaml: yaml, overrides: ["\(path)=wibble"])
                } catch {
                    guard error.message.contains("is not one of") else {
                        // Names are looked for elsewhere; numbers are refused without repeating what was written.
                        let words = ["there are: ", "it has: "]
                        #expect(
                            !error.message.contains("wibble") || words.contains(where: error.message.contains),
                            "\(error)")
                        continue
                    }
                    choices += 1
                    #expect(error.path == path)
                }
            }
        }
        // Both precisions, the scheduler and that of the grid, what is trained and how, and what is selected.
        #expect(choices >= 7)
    }

    @Test(arguments: [
        ("rounds", "rounds: an override reads key=value"),
        ("sampling.stps=3", "sampling.stps: unknown key; did you mean 'steps'?"),
        ("rewards.4.spec=checker", "rewards.4: the list has 1 entries, numbered from 0"),
        ("rounds.a=3", "rounds.a: 'rounds' holds a value, not a group of keys"),
    ])
    func refusesAnOverrideWithTheKey(override: String, message: String) throws {
        do {
            _ = try RunConfiguration(yaml: "", overrides: [override])
            Issue.record("taken: \(override)")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    @Test func everyPromptComesOncePerPass() throws {
        var configuration = RunConfiguration()
        configuration.prompts = (0..<6).map { "prompt \($0)" }
        configuration.sampling.samplesPerUnit = 4
        configuration.sampling.groupSize = 2
        let schedule = PromptSchedule(configuration)
        let passes = (0..<6).flatMap { schedule.prompts(ofUnit: $0) }
        #expect(schedule.prompts(ofUnit: 4) == PromptSchedule(configuration).prompts(ofUnit: 4))
        for pass in 0..<2 {
            let groups = stride(from: pass * 12, to: (pass + 1) * 12, by: 2).map { index in
                #expect(passes[index] == passes[index + 1])
                return passes[index]
            }
            #expect(Set(groups).count == 6)
        }
    }
}
