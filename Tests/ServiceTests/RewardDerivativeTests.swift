import RPC
import Rewards
import ServiceAPI
import ServiceRuntime
import TensorCore
import Testing
import Wire

/// `ScoreWithGradient` over a real reward process.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RewardDerivativeTests {
    private static let twoTower = "clip-score?model=menagerie/two-tower&scale=15"

    @Test(arguments: [
        "smoothness", twoTower, "{textnorm: {reward: '\(twoTower)', contrasts: grammar, scale: 0.3}}",
        "{sum: [{weight: 0.5, reward: '\(twoTower)'}, {weight: 2, reward: brightness}]}",
    ])
    func aProcessGivesTheDerivativesThatABackwardPassHereGives(_ specification: String) async throws {
        let place = try Workplace()
        let address = "ipc://\(place.path("score"))"
        let service = try place.start("atelier-reward", ["--spec", specification, "--address", address])
        try await place.until("the socket is bound") { service.errorSoFar.contains(address) }
        let endpoint = try ProcessKeys.endpoint(
            name: "learner", role: .learner, keys: nil, binds: [], dials: [address], log: .init(label: "test"))
        let client = ScoreClient(endpoint.channel(address))
        let prompts = ["a green rabbit", "two cats"]
        let uniform = Noise(seed: 8, purpose: .experiment).uniform(shape: [2, 32, 32, 3])
        let pixels = Tensor(uniform.scalars.map { 0.1 + 0.8 * $0 }, shape: uniform.shape)

        /// What the process says of pixels.
        func ask(_ pixels: Tensor) async throws -> (scores: [Double], gradient: Tensor) {
            let batch = PixelBatch(pixels: pixels, prompts: prompts, unit: 1)
            let reply = try await client.withGradient(
                batch.wire, attachments: batch.attachments, options: CallOptions(timeout: .seconds(20)))
            let answer = try PictureGradients(reply.message, reply.attachments, to: batch)
            let scores = try answer.scores.map { score in
                guard case .number(let value, _) = score else { throw Workplace.Waited(description: "\(score)") }
                return value
            }
            return (scores, answer.gradient)
        }

        let model = try RewardConfiguration(specification).makeModel()
        let here = try model.scoreWithGradient(pixels, prompts: prompts)
        let there = try await ask(pixels)
        for (here, there) in zip(here.scores, there.scores) {
            #expect(abs(try #require(here.value) - there) < 1e-5 * max(1, abs(there)))
        }
        let largest = here.gradient.scalars.reduce(0) { max($0, abs($1)) }
        #expect(largest > 1e-6, "a derivative of nothing says nothing")
        #expect(
            zip(here.gradient.scalars, there.gradient.scalars).allSatisfy { abs($0 - $1) < 1e-5 * largest })

        // Along the derivative itself, so that the difference of scores is large against their rounding.
        for picture in prompts.indices {
            let slope = there.gradient[rows: picture..<picture + 1].scalars
            let length = slope.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            func moved(_ distance: Double) async throws -> Double {
                var moved = pixels
                moved.withUnsafeMutableBuffer { buffer in
                    for (index, value) in slope.enumerated() {
                        buffer[picture * slope.count + index] += Float(distance / length) * value
                    }
                }
                return try await ask(moved).scores[picture]
            }
            let step = 0.02
            let difference = (try await moved(step) - (try await moved(-step))) / (2 * step)
            #expect(abs(difference - length) < 1e-2 * length, "picture \(picture): \(difference), not \(length)")
        }
        await endpoint.close()
        await service.child.stop(within: .seconds(20))
    }
}
