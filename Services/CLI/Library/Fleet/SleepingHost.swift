import Foundation
import Imaging
import SamplerService
import ServiceAPI
import TensorCore

/// Takes the time of drawing, and draws nothing: what it hands over has the size of Menagerie's trajectories.
actor SleepingHost: Drawing {
    private let seconds: Double
    private let latents: Tensor
    private let logProbabilities: Tensor
    private let picture = Picture(width: 64, height: 64, red: 0, green: 0, blue: 0)
    private var adapter = ""
    static let steps = 10

    init(seconds: Double) {
        self.seconds = seconds
        latents = Tensor(zeros: [Self.steps + 1, 1, 16, 16, 4])
        logProbabilities = Tensor(zeros: [Self.steps, 1])
    }

    func bind(_ bytes: Data, name: String) -> (sha256: String, modules: Int) {
        adapter = AdapterHash.of(bytes)
        return (adapter, LearnerStandIn.modules)
    }

    func draw(_ order: DrawingOrder, worker: String) async throws -> DrawnUnit {
        if seconds > 0 { try await Task.sleep(for: .seconds(seconds)) }
        return DrawnUnit(
            unit: order.unit, token: order.token, worker: worker, policyVersion: order.policy.version,
            adapter: adapter, runSeed: order.runSeed, prompts: order.prompts, latents: latents,
            logProbabilities: logProbabilities, pictures: order.prompts.map { _ in picture })
    }
}
