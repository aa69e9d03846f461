import RunConfiguration
import ServiceRuntime
import Testing

struct ConfigurationTests {
    @Test func anEmptyFileIsTheDefaults() throws {
        #expect(try RunConfiguration(yaml: "") == RunConfiguration())
    }

    @Test func theResolvedFileReadsBackToTheSame() throws {
        var configuration = RunConfiguration()
        configuration.algorithm.tracker = nil
        configuration.algorithm.clipRange = 0.001
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
                "sampling.steps=9", "rewards.0.spec=jpeg-compressibility?quality=50", "algorithm.tracker=null",
                "algorithm.clipRange=0.01",
            ])
        #expect(configuration.rounds == 3)
        #expect(configuration.sampling.steps == 9)
        #expect(configuration.rewards[0].spec == "jpeg-compressibility?quality=50")
        #expect(configuration.algorithm.tracker == nil)
        #expect(configuration.algorithm.clipRange == 0.01)
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
        ("rewards: [{spec: {sum: [beauty]}}]", "rewards.0.spec: there is no reward \"beauty\"; there are: checker"),
        ("algorithm: {name: ppo}", "algorithm.name: "),
        ("lora: {targetModules: []}", "lora.targetModules: no layer is adapted"),
        ("sampling: {scheduler: dpm-solver++}", "sampling.scheduler: the steps of dpm-solver++ have no log-probability"),
        ("sampling: {scheduler: ddpm, eta: 0.5}", "sampling.eta: ddpm has no η"),
        ("sampling: {scheduler: plms}", "sampling.scheduler: "),
        ("training: {recompute: maybe}", "training.recompute: "),
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
