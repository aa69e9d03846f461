import Testing

@testable import Ledger

struct UnitLedgerTests {
    @Test func leasesUnitsInOrder() {
        var run = RunFixture()
        run.start()
        #expect(run.lease()?.unit == UnitID(0))
        #expect(run.lease()?.unit == UnitID(1))
        #expect(run.lease()?.unit == UnitID(2))
        #expect(run.lease() == nil)
        #expect(run.books.counts.inFlight == 12)
        #expect(run.books.counts.issued == 12)
    }

    @Test func countsAPlannedUnitOnlyOnceItIsLeased() {
        var run = RunFixture()
        run.start()
        #expect(run.books.counts == LedgerCounts())
    }

    @Test func givesAnExpiredLeaseToAnotherWorkerUnderANewToken() throws {
        var run = RunFixture()
        run.start()
        let first = try run.takeLease("a")
        run.now += 61
        let expired = run.books.units.leases.expired(at: run.now)
        #expect(expired == [first])
        #expect(
            run.apply(.gaveUp(unit: first.unit, token: first.token, reason: .expired)) == [.requeued(unit: first.unit)])
        let second = try run.takeLease("b")
        #expect(second.unit == first.unit)
        #expect(second.token > first.token)
    }

    @Test func takesALateResultWhileNothingNewerHasSettled() throws {
        var run = RunFixture()
        run.start()
        let first = try run.takeLease("a")
        run.apply(.gaveUp(unit: first.unit, token: first.token, reason: .expired))
        let second = try run.takeLease("b")
        #expect(run.settle(first) == .accepted)
        #expect(run.settle(second) == .duplicate)
        #expect(run.books.counts.buffered == 4)
        #expect(run.books.units.leases.count == 0)
    }

    @Test func discardsALateResultOnceANewerHasSettled() throws {
        var run = RunFixture()
        run.start()
        let first = try run.takeLease("a")
        run.apply(.gaveUp(unit: first.unit, token: first.token, reason: .workerLeft))
        let second = try run.takeLease("b")
        #expect(run.settle(second) == .accepted)
        #expect(run.settle(first) == .duplicate)
        #expect(run.settle(second) == .duplicate)
        #expect(run.books.counts.buffered == 4)
    }

    @Test func refusesATokenThatWasNeverGiven() {
        var run = RunFixture()
        run.start()
        let forged = Lease(unit: UnitID(0), token: FencingToken(77), worker: "x", policyVersion: 0, deadline: 0)
        #expect(run.settle(forged) == .unknown)
        let beyond = Lease(unit: UnitID(900), token: FencingToken(1), worker: "x", policyVersion: 0, deadline: 0)
        #expect(run.settle(beyond) == .unknown)
    }

    @Test func refusesAResultDrawnWithAnotherAdapterThanThePublishedOne() throws {
        var run = RunFixture()
        run.start()
        let lease = try run.takeLease()
        let wrong = SampledUnit(token: lease.token, worker: "a", policyVersion: 0, adapter: "something else")
        #expect(
            run.apply(.settled(unit: lease.unit, wrong)) == [
                .settled(unit: lease.unit, .refused), .requeued(unit: lease.unit),
            ])
        #expect(run.lease()?.unit == lease.unit)
    }

    @Test func anOldTokenCannotEndTheLeaseThatReplacedIt() throws {
        var run = RunFixture()
        run.start()
        let first = try run.takeLease("a")
        run.apply(.gaveUp(unit: first.unit, token: first.token, reason: .expired))
        let second = try run.takeLease("b")
        #expect(run.apply(.gaveUp(unit: first.unit, token: first.token, reason: .workerLeft)).isEmpty)
        #expect(run.books.units.leases[second.unit] == second)
    }

    @Test func dropsAUnitAsLostAfterTheLastAttempt() throws {
        var run = RunFixture(units: 1, attempts: 2)
        run.start()
        for attempt in 1...2 {
            let lease = try run.takeLease()
            let actions = run.apply(.gaveUp(unit: lease.unit, token: lease.token, reason: .expired))
            if attempt == 2 { #expect(actions.first == .dropped(unit: lease.unit, .lost)) }
        }
        #expect(run.books.counts.dropped == ["lost": 4])
        #expect(run.books.counts.isBalanced)
        // The round goes on without it: an empty batch is a batch.
        #expect(run.books.learnerInstruction == .train(round: 0, units: []))
    }

    @Test func anInvalidScoreDropsTheUnitAndIsNeverZero() throws {
        var run = RunFixture(units: 2)
        run.start()
        let bad = try run.takeLease()
        let good = try run.takeLease()
        run.settle(bad)
        run.settle(good)
        run.apply(.scoredInvalid(unit: bad.unit, reason: "NaN"))
        run.apply(.scored(unit: good.unit))
        #expect(run.books.learnerInstruction == .train(round: 0, units: [good.unit]))
        #expect(run.books.counts.dropped == ["invalidScore": 4])
    }

    @Test func composesABatchInUnitOrderWhateverOrderResultsArriveIn() throws {
        var run = RunFixture()
        run.start()
        let leases = [run.lease("a"), run.lease("b"), run.lease("c")].compactMap(\.self)
        for lease in leases.reversed() {
            run.settle(lease)
        }
        run.apply(.scored(unit: UnitID(1)))
        run.apply(.scored(unit: UnitID(2)))
        #expect(run.books.learnerInstruction != .train(round: 0, units: [UnitID(1), UnitID(2)]))
        let actions = run.apply(.scored(unit: UnitID(0)))
        #expect(actions == [.batchReady(round: 0, units: [UnitID(0), UnitID(1), UnitID(2)])])
    }
}
