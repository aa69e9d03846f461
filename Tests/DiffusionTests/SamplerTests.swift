import Foundation
import TensorCore
import Testing

@testable import Diffusion

/// Every sampler against diffusers, step by step (`Tests/Fixtures/samplers/make_samplers.py`).
struct SamplerTests {
    struct Run: Decodable {
        let config: String
        let steps: Int
        let timesteps: [Double]
    }

    private func scheduler(_ configuration: String) throws -> SamplingScheduler {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("sampler-\(UUID().uuidString).json")
        try Data(configuration.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try SamplingScheduler(path: url.path)
    }

    @Test func takesEveryStepAsDiffusersDoes() throws {
        let fixture = try GoldenFixture("samplers", file: "samplers")
        let data = try Data(contentsOf: fixture.url.appendingPathComponent("samplers.json"))
        let runs = try JSONDecoder().decode([Run].self, from: data)
        #expect(runs.count == 38)
        for (number, run) in runs.enumerated() {
            let scheduler = try scheduler(run.config)
            let plan = try scheduler.plan(scheduler.method, count: run.steps, eta: 0.5)
            let name = "case \(number), \(scheduler.method.rawValue)"
            #expect(plan.steps.count == run.timesteps.count, "\(name)")
            let (outputs, noise) = (try fixture.tensor("\(number).outputs"), try fixture.tensor("\(number).noise"))
            let samples = try fixture.tensor("\(number).samples")
            var solver = SolverRun(plan, noise: try fixture.tensor("\(number).start"))
            for (index, step) in plan.steps.enumerated() {
                #expect(abs(step.timestep - run.timesteps[index]) < 1e-3, "\(name), step \(index)")
                expectClose(solver.sample, samples[index], tolerance: 1e-5, "\(name), before step \(index)")
                solver.take(step, output: outputs[index], noise: noise[index])
            }
            expectClose(solver.sample, samples[run.timesteps.count], tolerance: 1e-5, "\(name), at the end")
        }
    }

    private struct Density: Decodable {
        let scheduler: SamplingMethod
        let prediction: NoiseSchedule.Prediction
        let eta: Double
    }

    /// Made by `make_log_probabilities.py`, from what diffusers does with noise of 0 and of 1.
    @Test func givesTheLogProbabilityOfDiffusersSteps() throws {
        let fixture = try GoldenFixture("samplers", file: "log_probabilities")
        let data = try Data(contentsOf: fixture.url.appendingPathComponent("log_probabilities.json"))
        let cases = try JSONDecoder().decode([Density].self, from: data)
        #expect(cases.count == 8)
        for (number, density) in cases.enumerated() {
            let scheduler = SamplingScheduler(DDIMScheduler(prediction: density.prediction))
            let transitions = try scheduler.transitions(density.scheduler, count: 10, eta: density.eta)
            let golden = try ["sample", "output", "next", "logProbability"].map {
                try fixture.tensor("\(number).\($0)")
            }
            for (index, transition) in transitions.enumerated() {
                let name = "\(density), step \(index)"
                guard transition.isStochastic else {
                    #expect(density.scheduler != .ddim && index == 9, "\(name)")
                    continue
                }
                let ours = transition.logProbability(
                    of: golden[2][index], sample: golden[0][index], output: golden[1][index])
                for (own, theirs) in zip(ours, golden[3][index].scalars) {
                    #expect(abs(own - Double(theirs)) < 1e-4, "\(name): \(own), not \(theirs)")
                }
            }
        }
    }

    @Test func aTransitionIsTheStepOfItsPlan() throws {
        let scheduler = SamplingScheduler()
        for method in SamplingMethod.allCases where method.isTrainable {
            let plan = try scheduler.plan(method, count: 10, eta: 0.7)
            let transitions = try scheduler.transitions(method, count: 10, eta: 0.7)
            #expect(plan.steps == transitions.map(SolverStep.init), "\(method)")
            #expect(transitions.dropLast().allSatisfy { $0.isStochastic }, "\(method)")
        }
    }

    @Test(arguments: SamplingMethod.allCases) func refusesRunsThatLeaveTheSchedule(_ method: SamplingMethod) {
        let scheduler = SamplingScheduler()  // 1000 timesteps, leading, moved up by 1
        for count in [0, 1000, 1001] {
            #expect(throws: ModelError.self) { try scheduler.plan(method, count: count, eta: 0) }
        }
    }

    @Test(arguments: SamplingMethod.allCases.filter { !$0.isTrainable })
    func saysWhichSamplersCannotBeTrained(_ method: SamplingMethod) {
        #expect(throws: ModelError.self) { try SamplingScheduler().transitions(method, count: 10) }
    }
}
