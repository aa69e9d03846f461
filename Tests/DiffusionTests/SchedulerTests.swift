import Diffusion
import Foundation
import TensorCore
import Testing

/// DDIM's coefficients and log-probabilities, against values that nobody here wrote.
struct SchedulerTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/scheduler")

    /// One row of the table of algorithms.md 1.4: Stable Diffusion's schedule, 50 steps, η = 1.
    struct Golden: Sendable {
        let index: Int
        let timestep: Int
        let alpha: Double
        let alphaPrevious: Double
        let deviation: Double
        let outputScale: Double
        let sampleScale: Double?
        let divergence: Double
    }

    static let golden = [
        Golden(
            index: 0, timestep: 981, alpha: 0.00577550, alphaPrevious: 0.00728173, deviation: 0.45446327,
            outputScale: -0.23293578, sampleScale: 1.12285170, divergence: 0.1314),
        Golden(
            index: 1, timestep: 961, alpha: 0.00728173, alphaPrevious: 0.00911731, deviation: 0.44828244,
            outputScale: -0.22610511, sampleScale: nil, divergence: 0.1272),
        Golden(
            index: 10, timestep: 781, alpha: 0.04345600, alphaPrevious: 0.05136392, deviation: 0.39075030,
            outputScale: -0.17114163, sampleScale: 1.08718685, divergence: 0.0959),
        Golden(
            index: 25, timestep: 481, alpha: 0.30229566, alphaPrevious: 0.33084564, deviation: 0.28768527,
            outputScale: -0.10807902, sampleScale: 1.04615672, divergence: 0.0706),
        Golden(
            index: 40, timestep: 181, alpha: 0.78265444, alphaPrevious: 0.81210774, deviation: 0.17706766,
            outputScale: -0.07924407, sampleScale: 1.01864252, divergence: 0.1001),
        Golden(
            index: 48, timestep: 21, alpha: 0.98038075, alphaPrevious: 0.99829603, deviation: 0.03947955,
            outputScale: -0.12928714, sampleScale: 1.00909553, divergence: 5.3621),
        Golden(
            index: 49, timestep: 1, alpha: 0.99829603, alphaPrevious: 0.99915000, deviation: 0.02064832,
            outputScale: -0.02071417, sampleScale: 1.00042762, divergence: 0.5032),
    ]

    @Test func hasStableDiffusionsSchedule() {
        let alphas = NoiseSchedule(.scaledLinear).alphasCumprod
        for (step, alpha) in [(0, 0.99915), (1, 0.9982960278), (500, 0.2763326838), (999, 0.0046600985)] {
            #expect(abs(alphas[step] - alpha) < 1e-10)
        }
    }

    @Test(arguments: golden) func hasTheGoldenCoefficients(_ golden: Golden) {
        let scheduler = DDIMScheduler()
        let transition = scheduler.transitions(50, eta: 1)[golden.index]
        #expect(transition.timestep == Double(golden.timestep))
        let alphas = scheduler.schedule.alphasCumprod
        #expect(abs(alphas[golden.timestep] - golden.alpha) < 1e-8)
        let previous = golden.timestep - 20
        #expect(abs((previous < 0 ? scheduler.finalAlphaCumprod : alphas[previous]) - golden.alphaPrevious) < 1e-8)
        #expect(abs(transition.standardDeviation - golden.deviation) < 1e-8)
        #expect(abs(transition.outputScale - golden.outputScale) < 1e-8)
        if let sampleScale = golden.sampleScale { #expect(abs(transition.sampleScale - sampleScale) < 1e-8) }
        #expect(abs(transition.divergenceScale - golden.divergence) < 1e-4)
    }

    @Test func addsUpToTheGoldenDivergence() {
        let scales = DDIMScheduler().transitions(50, eta: 1).map(\.divergenceScale)
        #expect(abs(scales.reduce(0, +) - 11.0040) < 1e-4)
        #expect(abs(scales.prefix(46).reduce(0, +) - 4.3345) < 1e-4)
    }

    @Test(arguments: [(0, -0.1303003558), (49, 2.9611827776)])
    func hasTheGoldenLogProbabilityAtTheMode(_ index: Int, _ expected: Double) {
        let transition = DDIMScheduler().transitions(50, eta: 1)[index]
        let zero = Tensor([Float](repeating: 0, count: 12), shape: [2, 6])
        for value in transition.logProbability(of: zero, sample: zero, output: zero) {
            #expect(abs(value - expected) < 1e-9)
        }
    }

    struct Run: Decodable {
        let steps: Int
        let eta: Double
        let timesteps: [Int]
        let logProbabilities: [[Double]?]
    }

    /// `Tests/Fixtures/scheduler/make_ddim.py`.
    @Test func runsAsDiffusersDoes() throws {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("ddim.json"))
        let runs = try JSONDecoder().decode([Run].self, from: data)
        let documents = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let file = try SafeTensorsFile(path: Self.folder.appendingPathComponent("ddim.safetensors").path)
        #expect(runs.count == 20)
        for (number, (run, document)) in zip(runs, documents).enumerated() {
            let configuration = try JSONSerialization.data(withJSONObject: try #require(document["config"]))
            let scheduler = try withConfiguration(configuration) { try DDIMScheduler(path: $0) }
            let outputs = try file.tensor(named: "\(number).outputs")
            let noise = try file.tensor(named: "\(number).noise")
            let samples = try file.tensor(named: "\(number).samples")
            let transitions = scheduler.transitions(run.steps, eta: run.eta)
            #expect(transitions.map(\.timestep) == run.timesteps.map(Double.init), "case \(number)")
            var sample = row(samples, 0)
            for (index, transition) in transitions.enumerated() {
                let (output, given) = (row(outputs, index), row(noise, index))
                sample = transition.next(sample: sample, output: output, noise: given)
                #expect(relativeError(sample, row(samples, index + 1)) <= 1e-5, "case \(number), step \(index)")
                #expect(transition.isStochastic == (run.logProbabilities[index] != nil))
                guard let expected = run.logProbabilities[index] else { continue }
                // The fixture's samples are rounded to Float, which a small σ magnifies.
                let computed = transition.logProbability(
                    of: row(samples, index + 1), sample: row(samples, index), output: output)
                for (ours, theirs) in zip(computed, expected) {
                    #expect(abs(ours - theirs) <= 2e-6 / transition.standardDeviation, "case \(number), step \(index)")
                }
            }
        }
    }

    @Test func mixesAndUnmixesSignalAndNoise() {
        let schedule = NoiseSchedule(.scaledLinear)
        for timestep in [0, 1, 250, 981, 999] {
            let mix = schedule.noising(at: timestep)
            #expect(abs(mix.sample * mix.sample + mix.other * mix.other - 1) < 1e-12)
            for prediction in NoiseSchedule.Prediction.allCases {
                // For x_0 = 3 and ε = -2 a perfect network's output must give both back.
                let noisy = mix.sample * 3 + mix.other * -2
                let target = schedule.target(at: timestep, prediction: prediction)
                let output = target.sample * 3 + target.other * -2
                let clean = schedule.cleanSample(at: timestep, prediction: prediction)
                let noise = schedule.noise(at: timestep, prediction: prediction)
                #expect(abs(clean.sample * noisy + clean.other * output - 3) < 1e-9)
                #expect(abs(noise.sample * noisy + noise.other * output + 2) < 1e-9)
            }
        }
    }

    @Test func isDeterministicWithoutEta() {
        #expect(DDIMScheduler().transitions(50, eta: 0).allSatisfy { !$0.isStochastic })
        let last = DDIMScheduler(setAlphaToOne: true).transitions(50, eta: 1).last
        #expect(last?.isStochastic == false)
    }

    @Test func refusesTheLogProbabilityOfADeterministicStep() async {
        await #expect(processExitsWith: .failure) {
            let zero = Tensor([0], shape: [1, 1])
            _ = DDIMScheduler().transitions(50, eta: 0)[0].logProbability(of: zero, sample: zero, output: zero)
        }
    }

    @Test func readsTheConfigurationOfStableDiffusion() throws {
        let json = """
            {"_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
             "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
             "steps_offset": 1, "trained_betas": null, "clip_sample": false}
            """
        #expect(try withConfiguration(Data(json.utf8)) { try DDIMScheduler(path: $0) } == DDIMScheduler())
        let scheduler = try withConfiguration(Data(json.utf8)) { try SamplingScheduler(path: $0) }
        #expect(scheduler.method == .pndm)
    }

    @Test(arguments: [
        (#"{}"#, "clip_sample", "missing, which means true; only false is supported"),
        (#"{"clip_sample": true}"#, "clip_sample", "true is not supported, only false is"),
        (#"{"clip_sample": false, "thresholding": true}"#, "thresholding", "true is not supported, only false is"),
        (
            #"{"clip_sample": false, "rescale_betas_zero_snr": true}"#, "rescale_betas_zero_snr",
            "true needs prediction_type 'v_prediction'"
        ),
        (
            #"{"clip_sample": false, "use_karras_sigmas": true}"#, "use_karras_sigmas",
            "true is not supported, only false is"
        ),
        (#"{"clip_sample": false, "solver_color": 1}"#, "solver_color", "unknown to the samplers here"),
        (
            #"{"clip_sample": false, "prediction_type": "sample"}"#, "prediction_type",
            "'sample' is not one of epsilon, v_prediction"
        ),
        (
            #"{"clip_sample": false, "beta_schedule": 3}"#, "beta_schedule",
            "3.0 is not one of linear, scaled_linear, squaredcos_cap_v2"
        ),
        (
            #"{"clip_sample": false, "timestep_spacing": "random"}"#, "timestep_spacing",
            "'random' is not one of leading, trailing, linspace"
        ),
        (
            #"{"clip_sample": false, "num_train_timesteps": 0}"#, "num_train_timesteps",
            "0.0 is not a whole number in 1...100000"
        ),
        (#"{"clip_sample": false, "beta_start": "a"}"#, "beta_start", "'a' is not a number in 0.0...0.999"),
        (#"{"clip_sample": false, "steps_offset": -1}"#, "steps_offset", "-1.0 is not a whole number in 0...999"),
        (#"{"clip_sample": false, "set_alpha_to_one": 1}"#, "set_alpha_to_one", "1.0 is neither true nor false"),
        (
            #"{"clip_sample": false, "trained_betas": [0.1]}"#, "trained_betas",
            "1000 numbers from 0 to below 1 are needed"
        ),
        (
            #"{"clip_sample": false, "_class_name": "LCMScheduler"}"#, "_class_name",
            "'LCMScheduler' is not one of DDIMScheduler, DDPMScheduler, EulerAncestralDiscreteScheduler, "
                + "EulerDiscreteScheduler, DPMSolverMultistepScheduler, PNDMScheduler"
        ),
    ]) func namesTheOptionItRefuses(_ json: String, _ option: String, _ reason: String) throws {
        try withConfiguration(Data(json.utf8)) { path in
            let error = #expect(throws: SchedulerError.self) { try DDIMScheduler(path: path) }
            #expect(error?.option == option)
            #expect(error?.reason == reason)
            #expect(error?.description.hasPrefix(path) == true)
        }
    }

    @Test(arguments: ["", "[1]", "{\"a\""]) func refusesAFileThatIsNoObject(_ json: String) throws {
        try withConfiguration(Data(json.utf8)) { path in
            #expect(throws: SchedulerError.self) { try DDIMScheduler(path: path) }
        }
        #expect(throws: SchedulerError.self) { try DDIMScheduler(path: "/nonexistent.json") }
    }

    @discardableResult
    private func withConfiguration<Result>(_ json: Data, _ body: (String) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("scheduler-\(UUID().uuidString).json")
        try json.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    private func row(_ tensor: Tensor, _ index: Int) -> Tensor {
        let shape = Array(tensor.shape.dropFirst())
        let count = shape.reduce(1, *)
        return Tensor(Array(tensor.scalars[index * count..<(index + 1) * count]), shape: shape)
    }

    private func relativeError(_ ours: Tensor, _ theirs: Tensor) -> Float {
        let difference = zip(ours.scalars, theirs.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return difference / theirs.scalars.reduce(0) { max($0, abs($1)) }
    }
}
