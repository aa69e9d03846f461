import Foundation
import Ledger
import Testing

@testable import CommandLineTool

/// Studies: what is made of their runs, and which of them are run.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct StudyTests {
    /// Rounds of ten pictures each with these rewards.
    private func rounds(_ rewards: [Double]) -> [RoundReport] {
        rewards.enumerated().map { round, reward in
            var report = RoundReport()
            (report.round, report.samples, report.rewardMean) = (round, 10, reward)
            report.monitors = ["diversity": Double(round)]
            return report
        }
    }

    @Test func theTableHasMeansOverSeedsAndQueriesToHalfOfTheBestGain() {
        let table = StudyTable(
            claim: "One is faster.",
            reports: [
                ("one", [rounds([0, 4, 6, 8]), rounds([0, 6, 8, 8])]),
                ("other", [rounds([0, 0, 1, 2]), rounds([0, 2, 4, 8])]),
            ])
        #expect(table.level == 4)
        let (one, other) = (table.rows[0], table.rows[1])
        #expect(one.queries == 40 && one.seeds == 2)
        #expect(one.last == StudyTable.Mean([7, 8]) && one.area == StudyTable.Mean([4.5, 5.5]))
        #expect(abs((one.last.standardError ?? 0) - 0.5) < 1e-12)
        #expect(other.queriesToLevel?.standardError == nil)
        // 4 and 6 together reach the level after the first round, 2 and 4 do not, 4 and 8 do after the second.
        #expect(one.queriesToLevel == StudyTable.Mean([10, 10]) && one.reached == 2)
        #expect(other.queriesToLevel == StudyTable.Mean([20]) && other.reached == 1)
        #expect(one.diversity == StudyTable.Mean([1.5, 1.5]) && one.lastDiversity == StudyTable.Mean([3, 3]))
        #expect(one.curve.map(\.queries) == [0, 10, 20, 30] && one.curve.map(\.reward) == [0, 5, 7, 8])
        #expect(table.text.contains("| other | 2 | 40 |") && table.text.contains("| 20 (1 of 2 seeds) |"))
        #expect(!table.text.contains("path KL") && !table.text.contains("validated"))
    }

    @Test func aPlotHasRoundScales() {
        #expect(StudyPlot.ticks(0...768).map(\.label) == ["0", "100", "200", "300", "400", "500", "600", "700"])
        #expect(StudyPlot.ticks(0.818...0.8587).map(\.label) == ["0.82", "0.83", "0.84", "0.85"])
        #expect(StudyPlot.ticks(-0.0014...(-0.0004)).first?.label == "-0.0014")
        #expect(StudyPlot.ticks(1.1...1.2).map(\.label).contains("1.14"))
    }

    @Test func whatIsValidatedIsMeasuredByItsValidations() throws {
        var reports = rounds([9, 9, 9, 0])
        reports[3].samples = 0
        for (round, mean, selected) in [(0, 1.0, 0), (2, 5.0, 2), (3, 3.0, 2)] {
            var validation = ValidationReport()
            (validation.version, validation.mean, validation.selected) = (round, mean, selected)
            reports[round].validation = validation
            reports[round].rewards = ["one": mean + 0.5]
        }
        let run = StudyRun(reports)
        #expect(run.points.map(\.queries) == [0, 20, 30] && run.points.map(\.reward) == [1, 5, 3])
        let validated = try #require(run.validated)
        #expect(validated == (base: 1, last: 3, best: 5))
        #expect(run.queries == 30 && run.last == 9)
        #expect(run.keptReward("one") == 5.5)
        #expect(run.queries(toReach: 4) == 20 && run.queries(toReach: 4.5) == nil)
    }

    @Test func aRunThatIsCompleteIsNotRepeatedEvenForAnotherStudy() async throws {
        let place = try Workplace()
        try place.configure(rounds: 1)
        func plan(_ name: String, _ arms: String) throws -> String {
            let text = "claim: \(name)\nseeds: [4]\nset: [checkpoints.gridColumns=0]\narms: [\(arms)]"
            try Data(text.utf8).write(to: place.folder.appending(path: "\(name).yaml"))
            return place.path("\(name).yaml")
        }
        func study(_ name: String, _ plan: String) async throws -> Workplace.Ended {
            let ended = try await place.atelier("study", plan, "--out", place.path("studies/\(name)"), "--json")
            #expect(ended.ending == .exited(0), "\(ended.error)")
            return ended
        }
        let both = try plan(
            "first", "{name: plain, config: run.yaml}, {name: guided, config: run.yaml, set: [sampling.guidance=2]}")
        let first = try await study("first", both)
        #expect(first.error == "plain, seed 4\nguided, seed 4\n")
        let rows = try #require(first.json["rows"] as? [[String: Any]])
        #expect(rows.map { $0["queries"] as? Int } == [6, 6])
        #expect(place.exists("studies/first/plot.png") && place.exists("studies/first/table.md"))
        let books = try place.contents("studies/first/plain-4/ledger.sqlite")

        // As if it had been stopped in its second run.
        try FileManager.default.removeItem(atPath: place.path("studies/first/guided-4/summary.json"))
        let again = try await study("first", both)
        #expect(again.error == "plain, seed 4: complete in \(place.path("studies/first/plain-4"))\nguided, seed 4\n")
        #expect(again.output == first.output, "the same runs give the same table")
        #expect(try place.contents("studies/first/plain-4/ledger.sqlite") == books)

        // One arm of another study is the same; one has the name of a complete run, and another setting.
        let second = try await study(
            "second",
            try plan(
                "second",
                "{name: same, config: run.yaml}, {name: plain, config: run.yaml, set: [sampling.guidance=3]}"))
        #expect(
            second.error == "same, seed 4: complete in \(place.path("studies/first/plain-4"))\nplain, seed 4\n")
    }

    @Test func everyPlanThatComesWithAtelierCanBeRead() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "deploy/studies")
        let plans = try FileManager.default.contentsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".yaml") }
        #expect(plans.count == 9)
        for plan in plans {
            let study = try StudyPlan.read(root.appending(path: plan).path)
            #expect(study.claim.hasPrefix(plan.dropLast(".yaml".count)))
        }
    }

    @Test func aPlanThatMakesNoSenseIsNamed() async throws {
        let place = try Workplace()
        try place.configure()
        for (text, words) in [
            ("claim: x\nseeds: [1]\narms: [{name: a, config: run.yaml}]", "two arms or more"),
            ("claim: x\nseeds: []\narms: [{name: a, config: run.yaml}, {name: b, config: run.yaml}]", "a seed or more"),
            (
                "claim: x\nseeds: [1]\narms: [{name: a, config: run.yaml}, {name: a, config: run.yaml}]",
                "two arms have one name"
            ),
            (
                "claim: x\nseeds: [1]\nset: [sampling.stps=3]\narms: [{name: a, config: run.yaml}, {name: b, config: run.yaml}]",
                "did you mean 'steps'"
            ),
            ("claim: x\nseeds: [1]\narms: [{name: a, config: none.yaml}, {name: b, config: run.yaml}]", "none.yaml"),
            ("claim: x\nseeds: [1]\narms: [{name: a, config: none.yaml}]", "arm 'a': cannot read the configuration"),
            (
                "claim: x\narms: [{name: a, config: run.yaml}, {name: b, config: run.yaml}]",
                "plan.yaml: 'seeds' is missing"
            ),
            ("claim: x\nseeds: 3\narms: []", "plan.yaml: seeds: this is no list"),
            ("claim: x\nseeds: [1]\narms: [{name: a}]", "plan.yaml: arms.0: 'config' is missing"),
            ("claim: [", "plan.yaml: "), ("", "plan.yaml: this is no group of keys"),
        ] {
            try Data(text.utf8).write(to: place.folder.appending(path: "plan.yaml"))
            let ended = try await place.atelier("study", place.path("plan.yaml"), "--out", place.path("study"))
            #expect(ended.ending == .exited(2), "\(ended.error)")
            #expect(ended.lastLine.contains(words) && !ended.error.contains("DecodingError"), "\(ended.error)")
        }
        let missing = try await place.atelier("study", place.path("nowhere.yaml"), "--out", place.path("study"))
        #expect(
            missing.lastLine.hasSuffix("cannot read the study \(place.path("nowhere.yaml")): No such file or directory")
        )
        #expect(!place.exists("study"))
    }
}
