import Foundation
import Rewards
import Testing

/// The measures of the TIA² benchmark.
struct RankMetricTests {
    private struct Case: Decodable {
        let scores: [Double]
        let labels: [[Int]]
        let auroc, auprc, spearman, kendall, ece: Double
    }

    /// `Tests/Fixtures/metrics/make_metrics.py`.
    @Test func measuresAsScikitLearnAndSciPyDo() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "Fixtures/metrics/metrics.json"))
        let cases = try JSONDecoder().decode([Case].self, from: data)
        #expect(cases.count == 5)
        for example in cases {
            let pictures = zip(example.scores, example.labels).map {
                LabelledScore(prompt: "a dog", score: $0, labels: $1)
            }
            let report = AlignmentReport(pictures)
            let measures = try #require(report.prompts["a dog"])
            #expect(report.macro == measures)
            for (ours, theirs) in [
                (measures.auroc, example.auroc), (measures.auprc, example.auprc),
                (measures.spearman, example.spearman), (measures.kendall, example.kendall),
                (measures.ece, example.ece),
            ] {
                #expect(abs(try #require(ours) - theirs) < 1e-12)
            }
        }
    }

    /// Values that the benchmark's published files hold.
    @Test func averagePrecisionCountsHitsInsideTheBestOnly() {
        let scores = [5.0, 4, 3, 2, 1, 0]
        let first = [false, true, true, true, false, true]
        #expect(abs(RankMetrics.averagePrecision(at: 5, scores, first) - 0.638889) < 1e-6)
        #expect(
            abs(RankMetrics.averagePrecision(at: 5, scores, [true, false, true, true, true, false]) - 0.804167) < 1e-6)
        #expect(RankMetrics.averagePrecision(at: 1, scores, first) == 0)
    }

    @Test func promptsOfOneKindAreLeftOutAndCounted() {
        func pictures(_ prompt: String, _ labels: [[Int]]) -> [LabelledScore] {
            labels.enumerated().map { LabelledScore(prompt: prompt, score: Double($0), labels: $1) }
        }
        let report = AlignmentReport(
            pictures("mixed", [[0, 0, 1], [1, 1, -1]]) + pictures("right", [[1, 1, 0], [1, 1, 1]])
                + pictures("wrong", [[1, -1, -1], [0, 0, 0]]) + pictures("wrong too", [[-1]]))
        #expect(report.prompts.keys.sorted() == ["mixed"])
        #expect(report.leftOut.allRight == 1 && report.leftOut.allWrong == 2)
        #expect(report.macro.auroc == 1 && report.macro.kendall == 1)
        #expect(abs((report.macro.spearman ?? 0) - 1) < 1e-12)
    }

    @Test func scoresThatAreNoProbabilitiesHaveNoCalibrationError() {
        #expect(RankMetrics.calibrationError([0.5, 1.5], [true, false]) == nil)
        #expect(RankMetrics.calibrationError([0.75, 0.75, 0.75, 0.75], [true, true, true, false]) == 0)
        #expect(RankMetrics.spearman([1, 1], [0, 1]) == nil && RankMetrics.kendall([1, 1], [0, 1]) == nil)
        #expect(RankMetrics.auroc([1, 2], [true, true]) == nil && RankMetrics.auprc([1, 2], [false, false]) == nil)
    }
}
