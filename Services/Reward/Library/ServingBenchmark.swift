import Foundation
public import Imaging
import RPC
public import Rewards
import ServiceAPI
import Wire

/// A reward service under many callers, over a socket.
public struct ServingBenchmark: Sendable {
    /// Callers that ask again as soon as they have their answer.
    public var callers = 32
    /// Pictures of a call.
    public var picturesPerCall = 1
    public var seconds = 5.0
    /// The most pictures that the model gets at once.
    public var batch = 16
    /// How long a picture waits for others while the model is idle.
    public var batchWait = Duration.milliseconds(5)
    public var threads: Int

    /// What was measured.
    public struct Figures: Encodable, Sendable {
        public var pictures: Int
        public var picturesPerSecond: Double
        /// The mean batch, as a part of the largest.
        public var batchFill: Double
        /// From the call to its answer.
        public var medianMilliseconds: Double
        public var percentile99Milliseconds: Double
    }

    public init(threads: Int) {
        self.threads = threads
    }

    /// - Throws: `RPCStatus` if a call fails.
    public func measure(_ model: any RewardModel, _ pictures: [Picture], prompts: [String]) async throws -> Figures {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "atelier-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let host = RewardHost(model, threads: threads)
        let endpoint = ScoreEndpoint(
            host: host, queue: ScoringQueue(host, .init(batch: batch, patience: batchWait)), identity: model.identity,
            spec: model.identity.id, isDifferentiable: model.isDifferentiable)
        let server = try Endpoint(name: "reward", role: "reward")
        let listener = try await server.listen("ipc://\(folder.path)/score", services: [.score(endpoint)])
        let client = try Endpoint(name: "benchmark", role: "learner")
        let channel = client.channel(listener.address)
        // The first call opens the session, and the model's memory.
        _ = try await call(ScoreClient(channel), 0, pictures, prompts)
        let began = ContinuousClock.now
        let calls = try await withThrowingTaskGroup(of: [Call].self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var calls: [Call] = []
                    repeat {
                        calls.append(try await call(ScoreClient(channel), caller + calls.count, pictures, prompts))
                    } while ContinuousClock.now - began < .seconds(seconds)
                    return calls
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let elapsed = (ContinuousClock.now - began) / .seconds(1)
        await client.close()
        await server.close()
        return figures(calls, elapsed)
    }

    private struct Call: Sendable {
        let seconds: Double
        let batch: Int
    }

    private func call(
        _ client: ScoreClient, _ number: Int, _ pictures: [Picture], _ prompts: [String]
    ) async throws -> Call {
        let chosen = (0..<picturesPerCall).map { (number * picturesPerCall + $0) % pictures.count }
        let batch = PictureBatch(
            pictures: chosen.map { pictures[$0] }, prompts: chosen.map { prompts[$0] }, unit: UInt64(number))
        let began = ContinuousClock.now
        let reply = try await client.pictures(
            batch.wire, attachments: batch.attachments, options: CallOptions(timeout: .seconds(60)))
        return Call(
            seconds: (ContinuousClock.now - began) / .seconds(1),
            batch: reply.trailers[ScoreEndpoint.batchTrailer].flatMap { Int($0) } ?? 1)
    }

    private func figures(_ calls: [Call], _ elapsed: Double) -> Figures {
        let times = calls.map(\.seconds).sorted()
        func percentile(_ part: Double) -> Double {
            1000 * times[min(Int(part * Double(times.count)), times.count - 1)]
        }
        // Each picture of a batch of n is an nth of that batch.
        let batches = calls.reduce(0) { $0 + 1 / Double($1.batch) }
        return Figures(
            pictures: calls.count * picturesPerCall,
            picturesPerSecond: Double(calls.count * picturesPerCall) / elapsed,
            batchFill: Double(calls.count) / batches / Double(batch), medianMilliseconds: percentile(0.5),
            percentile99Milliseconds: percentile(0.99))
    }
}
