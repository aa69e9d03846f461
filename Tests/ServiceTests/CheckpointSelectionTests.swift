import Imaging
import Testing

@testable import LearnerService

struct CheckpointSelectionTests {
    /// Five validations of three pictures each; the last has the largest mean, by one picture.
    private let validations: [[Double]] = [
        [0.5, 0.5, 0.5], [0.4, 0.6, 0.6], [0.6, 0.7, 0.4], [0.6, 0.6, 0.6], [0.4, 0.4, 2],
    ]

    private func numbered(_ rewards: [Double]) -> [Int: Double] {
        Dictionary(uniqueKeysWithValues: rewards.enumerated().map { ($0, $1) })
    }

    @Test func aPictureWithoutARewardIsComparedWithNothing() {
        var selection = CheckpointSelection(.earliestMaximum)
        _ = selection.enter(version: 0, rewards: [0: 0.5, 2: 0.5])
        #expect(selection.enter(version: 1, rewards: [0: 0.4, 1: 0.9, 2: 0.6]).better == 1)
    }

    @Test func theBestIsTheLargestMean() {
        var selection = CheckpointSelection(.best)
        let reports = validations.enumerated().map { selection.enter(version: $0 * 10, rewards: numbered($1)) }
        #expect(reports.map(\.selected) == [0, 10, 20, 30, 40])
        #expect(abs(reports[4].mean - 2.8 / 3) < 1e-12)
        // Sample deviation 0.9238 over √3.
        #expect(abs(reports[4].standardError - 0.5333333333) < 1e-9)
    }

    /// TextNorm, section 5.5: the first of the checkpoints with most pictures better than the base model's.
    @Test func theEarliestMaximumCountsPicturesBetterThanTheBaseModels() {
        var selection = CheckpointSelection(.earliestMaximum)
        let reports = validations.enumerated().map { selection.enter(version: $0 * 10, rewards: numbered($1)) }
        #expect(reports.map(\.better) == [0, 2, 2, 3, 1])
        #expect(reports.map(\.selected) == [0, 10, 10, 30, 30])
    }

    @Test func diversityIsWithinPromptsAndSaturationCountsExtremes() throws {
        func plain(_ value: UInt8) -> Picture { Picture(width: 16, height: 16, red: value, green: value, blue: value) }
        let pictures = [plain(0), plain(255), plain(51), plain(51)]
        #expect(PictureMonitors.diversity(pictures, prompts: ["a", "a", "b", "b"]) == 0.5)
        #expect(PictureMonitors.diversity(pictures, prompts: ["a", "b", "c", "d"]) == nil)
        #expect(PictureMonitors.saturation(pictures) == 0.5)
    }
}
