import Foundation
import RL
import Testing

struct PromptStatisticsTests {
    /// The values of algorithms.md 3.4, from the semantics of DDPO's authors' code.
    static let batches: [(prompts: [String], rewards: [Double], advantages: [Double])] = [
        (["a", "a", "b"], [1, 3, 10], [-0.95025502, -0.43193410, 1.38218912]),
        (["a", "a", "b"], [5, 7, 20], [0.44721340, 1.34164019, 1.40351297]),
        (["a", "b", "b"], [0, 30, 40], [-1.45010417, 0.44721356, 1.34164067]),
    ]

    private func isClose(_ first: [Double], _ second: [Double]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) < 5e-9 }
    }

    @Test func givesThePublishedAdvantagesOverThreeBatches() {
        var statistics = PromptStatistics(bufferSize: 4, minimumCount: 3)
        for batch in Self.batches {
            let advantages = statistics.advantages(rewards: batch.rewards, prompts: batch.prompts)
            #expect(isClose(advantages, batch.advantages), "\(advantages)")
        }
        #expect(statistics.rewards == ["a": [3, 5, 7, 0], "b": [10, 20, 30, 40]])
    }

    @Test func goesOnFromACheckpointAsIfNothingHadHappened() throws {
        var statistics = PromptStatistics(bufferSize: 4, minimumCount: 3)
        for batch in Self.batches {
            let saved = try JSONEncoder().encode(statistics)
            statistics = try JSONDecoder().decode(PromptStatistics.self, from: saved)
            #expect(isClose(statistics.advantages(rewards: batch.rewards, prompts: batch.prompts), batch.advantages))
        }
    }

    @Test func givesNoAdvantageWhereAllRewardsAreEqual() {
        var statistics = PromptStatistics(bufferSize: 8, minimumCount: 2)
        #expect(statistics.advantages(rewards: [2, 2, 2], prompts: ["a", "a", "a"]) == [0, 0, 0])
        #expect(statistics.advantages(rewards: [], prompts: []) == [])
    }

    @Test func forgetsAllButTheLatestRewards() {
        var statistics = PromptStatistics(bufferSize: 2, minimumCount: 1)
        _ = statistics.advantages(rewards: [1, 2, 3, 4, 5], prompts: Array(repeating: "a", count: 5))
        #expect(statistics.rewards["a"] == [4, 5])
    }

    @Test func normalisesOverTheBatchWithoutAHistory() {
        let advantages = PromptStatistics.batchAdvantages(rewards: [1, 2, 3, 4])
        #expect(isClose(advantages, [-1.5, -0.5, 0.5, 1.5].map { $0 / (1.25.squareRoot() + 1e-8) }))
        #expect(PromptStatistics.batchAdvantages(rewards: [3, 3]) == [0, 0])
    }
}
