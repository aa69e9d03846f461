import Testing

@testable import Ledger

struct RoundLayoutTests {
    private let validation = RoundLayout.Validation(units: 2, every: 3)

    @Test func everyUnitKnowsItsRoundAndItsPlace() {
        let plan = RunFixture(rounds: 7, units: 3, firstUnits: 5, validation: validation).books.plan
        var next: UInt64 = 0
        var training = 0
        for round in 0...7 {
            let units = plan.units(ofRound: round)
            let expected = (round == 7 ? 0 : round == 0 ? 5 : 3)
            let validating = round.isMultiple(of: 3) || round == 7 ? 2 : 0
            #expect(units.count == expected + validating)
            for (place, unit) in units.enumerated() {
                #expect(unit.rawValue == next && plan.round(of: unit) == round)
                #expect(plan.validationPlace(of: unit) == (place < expected ? nil : place - expected))
                if place < expected {
                    #expect(plan.trainingPlace(of: unit) == training)
                    training += 1
                }
                next += 1
            }
        }
        #expect(plan.lastRound == 7)
    }

    @Test func theLastPolicyIsValidatedBeforeTheRunEnds() throws {
        var run = RunFixture(rounds: 2, units: 1, validation: RoundLayout.Validation(units: 1, every: 5))
        run.start()
        for round in 0..<2 {
            run.drawRound()
            guard case .train(round, let units) = run.learn() else { throw Unexpected() }
            #expect(units.count == (round == 0 ? 2 : 1))
        }
        #expect(run.learn() == .checkpoint(round: 2))
        #expect(run.books.state == .running)
        run.drawRound()
        guard case .train(2, let units) = run.books.learnerInstruction else { throw Unexpected() }
        #expect(units.count == 1)
        var report = RoundReport()
        report.validation = ValidationReport()
        run.apply(.trained(RunFixture.policy(2), report))
        #expect(run.books.state == .finished && run.books.outcome == .completed)
        #expect(run.books.closing == report && run.books.reports.count == 2)
    }

    @Test func validationPicturesAreNotInTheBooks() {
        var run = RunFixture(rounds: 2, units: 1, validation: RoundLayout.Validation(units: 3, every: 1))
        run.start()
        run.drawRound()
        #expect(run.books.counts.issued == 4 && run.books.counts.isBalanced)
        run.learn()
        #expect(run.books.counts.trained == 4)
    }

    @Test func validationUnitsWaitForThePolicyThatTheyValidate() throws {
        var run = RunFixture(
            rounds: 4, units: 1, staleness: 1, validation: RoundLayout.Validation(units: 1, every: 1))
        run.start()
        var leased: [UInt64] = []
        while let lease = run.lease() { leased.append(lease.unit.rawValue) }
        // Round 0 whole, and of round 1 what is learned from; unit 3 validates version 1.
        #expect(leased == [0, 1, 2])
    }

    private struct Unexpected: Error {}
}
