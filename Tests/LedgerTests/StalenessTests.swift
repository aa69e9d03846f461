import Testing

@testable import Ledger

struct StalenessTests {
    @Test(arguments: [(0, 0, true), (1, 0, false), (0, 1, false)])
    func atZeroOnlyTheRoundsOwnVersionMayDrawIt(round: Int, version: Int, allowed: Bool) {
        #expect(StalenessGate(maximum: 0).mayLease(round: round, policyVersion: version) == allowed)
    }

    @Test func atZeroNothingOfTheNextRoundIsLeasedBeforeTheUpdate() {
        var run = RunFixture()
        run.start()
        run.drawRound()
        #expect(run.lease() == nil)
        #expect(run.learn() == .train(round: 0, units: [UnitID(0), UnitID(1), UnitID(2)]))
        #expect(run.lease()?.unit == UnitID(3))
    }

    @Test func atOneTheNextRoundIsDrawnWhileTheLearnerTrains() throws {
        var run = RunFixture(rounds: 3, staleness: 1)
        run.start()
        run.drawRound()
        // Rounds 0 and 1 were drawn with version 0; round 2 would be two versions old.
        #expect(run.books.counts.buffered == 24)
        #expect(run.lease() == nil)
        run.learn()
        let lease = try run.takeLease()
        #expect(lease.unit == UnitID(6))
        #expect(lease.policyVersion == 1)
    }

    @Test func aLateResultOfAVersionTooOldIsRefusedAndDrawnAgain() throws {
        var run = RunFixture(rounds: 3, units: 1, staleness: 1)
        run.start()
        let first = try run.takeLease("slow")
        let ahead = try run.takeLease("fast")
        #expect(ahead.unit == UnitID(1))
        run.settle(ahead)
        run.apply(.scored(unit: ahead.unit))
        run.settle(first)
        run.apply(.scored(unit: first.unit))
        run.learn()
        let third = try run.takeLease("slow")
        #expect(third.unit == UnitID(2))
        var ledger = run.books.units
        let old = SampledUnit(token: third.token, worker: "slow", policyVersion: 0, adapter: "adapter-0")
        #expect(ledger.settle(third.unit, old) == .refused)
        #expect(ledger[third.unit]?.stage == .planned)
    }
}
