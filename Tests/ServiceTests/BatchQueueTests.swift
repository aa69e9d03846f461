import Foundation
import Imaging
import Rewards
import ServiceAPI
import Testing

@testable import RewardService

/// How a reward service makes batches of what many callers ask.
struct BatchQueueTests {
    private let began = ContinuousClock.now

    @Test func aBatchGoesWhenItIsFullOrHasWaited() {
        var queue = BatchQueue<Int>(capacity: 3, patience: .milliseconds(10), limit: 5)
        #expect(queue.departure(at: began) == .nothingWaits)
        var isTaken = queue.add([1, 2], at: began)
        #expect(isTaken)
        #expect(queue.departure(at: began) == .at(began + .milliseconds(10)))
        #expect(queue.departure(at: began + .milliseconds(10)) == .now)
        isTaken = queue.add([3, 4], at: began + .milliseconds(1))
        #expect(isTaken)
        #expect(queue.departure(at: began + .milliseconds(1)) == .now)
        var batch = queue.take()
        #expect(batch == [1, 2, 3])
        // What came later waits from when it came.
        #expect(queue.departure(at: began + .milliseconds(2)) == .at(began + .milliseconds(11)))
        batch = queue.take()
        #expect(batch == [4] && queue.count == 0)
    }

    @Test func theQueueIsBoundedAndTakesWholeRequests() {
        var queue = BatchQueue<Int>(capacity: 2, patience: .zero, limit: 3)
        let taken = [queue.add([1, 2], at: began), queue.add([3, 4], at: began), queue.add([5], at: began)]
        #expect(taken == [true, false, true])
        queue.remove { $0 == 2 }
        let batch = queue.take()
        #expect(batch == [1, 5])
        // No request is too large for ever.
        let isTaken = queue.add([1, 2, 3, 4], at: began)
        #expect(isTaken)
    }

    @Test func manyCallersShareBatchesAndEachGetsItsOwnScores() async throws {
        var benchmark = ServingBenchmark(threads: 1)
        (benchmark.callers, benchmark.seconds, benchmark.batch) = (32, 0.3, 16)
        let pictures = (0..<64).map { Picture(width: 8, height: 8, red: UInt8($0), green: 0, blue: 0) }
        let figures = try await benchmark.measure(
            Attentive(), pictures, prompts: pictures.map { "\($0.pixels[0])" })
        // How full they are on a machine that does nothing else, `atelier bench serving` says.
        #expect(figures.batchFill > 0.5, "\(figures)")
    }

    /// Scores a picture by its first byte, which is its prompt too; takes a millisecond for a batch.
    private struct Attentive: RewardModel {
        var identity: RewardIdentity { RewardIdentity(id: "attentive", revision: 1) }

        func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
            usleep(1000)
            return zip(pictures, prompts).map { picture, prompt in
                "\(picture.pixels[0])" == prompt ? .value(1, detail: [:]) : .invalid("mixed up")
            }
        }
    }

    @Test func onePictureThatTheModelCannotBearDoesNotFailItsBatch() async throws {
        let queue = ScoringQueue(RewardHost(Fragile(), threads: 1), .init(batch: 4))
        let pictures = (0..<4).map { Picture(width: 1, height: 1, red: UInt8($0), green: 0, blue: 0) }
        let answer = try await queue.score(.init(pictures: pictures, prompts: ["", "", "", ""], unit: 0))
        #expect(answer.batch == 4)
        #expect(answer.scores.count == 4)
        for (index, score) in answer.scores.enumerated() {
            switch score {
            case .number(let value, _): #expect(index != 2 && value == Double(index))
            case .unavailable(let reason): #expect(index == 2 && reason.contains("two"))
            case .invalid: Issue.record("\(score)")
            }
        }
    }

    /// Throws as a whole when one of the pictures is the third.
    private struct Fragile: RewardModel {
        struct Failure: Error, CustomStringConvertible { let description = "cannot bear two" }

        var identity: RewardIdentity { RewardIdentity(id: "fragile", revision: 1) }

        func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
            guard !pictures.contains(where: { $0.pixels[0] == 2 }) else { throw Failure() }
            return pictures.map { .value(Double($0.pixels[0]), detail: [:]) }
        }
    }

    @Test func aFullQueueRefusesAndAGoneCallerIsForgotten() async throws {
        let queue = ScoringQueue(
            RewardHost(Attentive(), threads: 1), .init(batch: 8, patience: .seconds(30), limit: 2))
        let picture = Picture(width: 1, height: 1, red: 1, green: 0, blue: 0)
        let waiting = Task {
            try await queue.score(.init(pictures: [picture, picture], prompts: ["1", "1"], unit: 0))
        }
        var refusal: (any Error)?
        while refusal == nil {
            do {
                // As soon as the first caller waits, there is no room; before that, this one is cancelled at once.
                let other = Task {
                    try await queue.score(.init(pictures: [picture, picture], prompts: ["1", "1"], unit: 1))
                }
                other.cancel()
                _ = try await other.value
            } catch {
                if "\(error)".contains("come again") { refusal = error }
            }
        }
        waiting.cancel()
        await #expect(throws: (any Error).self) { _ = try await waiting.value }
    }
}
