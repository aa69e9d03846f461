import Foundation
import Imaging
import RPC
import ServiceAPI
import ServiceRuntime
import TensorCore
import Testing
import Wire

/// What every reward service answers, whoever wrote it: ours and the Python package's under the same list.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RewardConformanceTests {
    enum Implementation: String, CaseIterable, Sendable {
        case swift, python

        /// Both serve the mean pixel and its derivative.
        func start(_ place: Workplace) throws -> Workplace.Running {
            let address = "ipc://\(place.path("score"))"
            switch self {
            case .swift:
                return try place.start(
                    "atelier-reward",
                    ["--spec", "brightness", "--address", address, "--keys", place.path("keys")])
            case .python:
                let source = """
                    def mean(image):
                        values = memoryview(image).cast("B").cast(memoryview(image).format)
                        return sum(values) / len(values)

                    def score(images, prompts):
                        return [mean(image) / 255 for image in images]

                    def gradient(images, prompts):
                        import array
                        return [(mean(i), array.array("f", [1 / i.nbytes * 4] * (i.nbytes // 4))) for i in images]
                    """
                try Data(source.utf8).write(to: place.folder.appending(path: "brightness.py"))
                return try place.start(
                    "/usr/bin/env",
                    [
                        "PYTHONPATH=\(PythonRewardTests.package)", PythonRewardTests.interpreter ?? "python3", "-m",
                        "atelier_reward", place.path("brightness.py"), "--address", address, "--keys",
                        place.path("keys"),
                    ])
            }
        }
    }

    private static let implementations = Implementation.allCases.filter { $0 == .swift || PythonRewardTests.isThere }

    @Test(arguments: implementations)
    func aRewardServiceScoresDifferentiatesRefusesAndIsDrained(_ implementation: Implementation) async throws {
        let place = try Workplace()
        let made = try await place.atelier("keys", "init", "--keys", place.path("keys"))
        #expect(made.ending == .exited(0), "\(made.error)")
        let service = try implementation.start(place)
        var bound: Substring?
        try await place.until("it says where it serves") {
            bound = service.errorSoFar.split { " ,\n".contains($0) }.first {
                $0.hasPrefix("ipc://\(place.path("score"))")
            }
            return bound != nil
        }
        let address = String(try #require(bound))
        let endpoint = try ProcessKeys.endpoint(
            name: "learner", role: .learner, keys: place.path("keys"), binds: [], dials: [address],
            log: .init(label: "test"))
        let client = ScoreClient(endpoint.channel(address))
        let options = CallOptions(timeout: .seconds(20))

        let description = try await client.describe(ScoreDescribeRequest(), options: options).message
        #expect(description.differentiable && !description.identity.isEmpty && !description.spec.isEmpty)
        try await scores(client, identity: description.identity)
        try await differentiates(client)

        // A request that contradicts itself is the caller's mistake.
        var wrong = PictureBatch(pictures: [Self.grey], prompts: ["a dog"], unit: 0)
        let attachments = wrong.attachments
        wrong.pictures = [Picture(width: 3, height: 1, red: 0, green: 0, blue: 0)]
        let request = wrong.wire
        let refusal = await #expect(throws: RPCStatus.self) {
            try await client.pictures(request, attachments: attachments, options: options)
        }
        #expect(refusal?.code == .invalidArgument)

        await endpoint.close()
        await service.child.stop(within: .seconds(20))
        let ended = await service.ended()
        #expect(ended.ending == .exited(0), "\(ended.error)")
    }

    private static let grey = Picture(width: 2, height: 3, red: 51, green: 51, blue: 51)

    private func scores(_ client: ScoreClient, identity: String) async throws {
        let white = Picture(width: 2, height: 3, red: 255, green: 255, blue: 255)
        let batch = PictureBatch(pictures: [Self.grey, white], prompts: ["a dog", ""], unit: 7)
        let reply = try await client.pictures(
            batch.wire, attachments: batch.attachments, options: CallOptions(timeout: .seconds(20))
        ).message
        #expect(reply.identity == identity)
        let values = try reply.scores.map { try PictureScore($0) }.map { score in
            if case .number(let value, _) = score { value } else { Double.nan }
        }
        #expect(values.count == 2 && abs(values[0] - 0.2) < 1e-6 && abs(values[1] - 1) < 1e-6, "\(values)")
    }

    private func differentiates(_ client: ScoreClient) async throws {
        let pixels = Tensor(
            [Float](repeating: 0.25, count: 18) + [Float](repeating: .nan, count: 18), shape: [2, 3, 2, 3])
        let batch = PixelBatch(pixels: pixels, prompts: ["a dog", "a cat"], unit: 7)
        let reply = try await client.withGradient(
            batch.wire, attachments: batch.attachments, options: CallOptions(timeout: .seconds(20)))
        let answer = try PictureGradients(reply.message, reply.attachments, to: batch)
        guard case .number(let value, _) = answer.scores[0], case .invalid(let reason) = answer.scores[1] else {
            Issue.record("scores \(answer.scores)")
            return
        }
        #expect(abs(value - 0.25) < 1e-6)
        #expect(reason.contains("a pixel is nan"))
        #expect(answer.gradient[rows: 0..<1].scalars.allSatisfy { abs($0 - 1 / 18) < 1e-6 })
        #expect(answer.gradient[rows: 1..<2].scalars.allSatisfy { $0.isNaN })
    }
}
