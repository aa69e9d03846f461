import Testing

@testable import Ledger

struct RunStateTests {
    @Test func startsOnceLearnerAndRewardsAreThere() {
        var run = RunFixture()
        run.apply(.rewardSetInstalled(RunFixture.rewards(1)))
        #expect(run.books.leaseOffer == .wait("waiting for the learner's policy"))
        run.apply(.policyPublished(RunFixture.policy(0)))
        #expect(run.books.leaseOffer == .wait("waiting for the reward services"))
        let actions = run.apply(.rewardSetReady(version: 1))
        #expect(actions.contains(.stateChanged(from: .starting, to: .running)))
    }

    @Test func finishesWithACheckpointOfTheLastRound() {
        var run = RunFixture()
        run.start()
        for _ in 0..<2 {
            run.drawRound()
            run.learn()
        }
        #expect(run.books.learnerInstruction == .checkpoint(round: 2))
        run.learn()
        #expect(run.books.state == .finished)
        #expect(run.books.outcome == .completed)
        #expect(run.books.learnerInstruction == .stop)
        #expect(run.books.leaseOffer == .stop)
        #expect(run.books.counts.trained == 24)
        #expect(run.books.counts.issued == 24)
    }

    @Test func pauseFinishesWhatIsInFlightAndResumeGoesOn() throws {
        var run = RunFixture()
        run.start()
        let lease = try run.takeLease()
        run.apply(.pauseRequested)
        #expect(run.books.state == .pausing)
        #expect(run.lease() == nil)
        run.settle(lease)
        #expect(run.books.state == .pausing)
        run.apply(.scored(unit: lease.unit))
        #expect(run.books.state == .paused)
        run.apply(.resumeRequested)
        #expect(run.books.state == .running)
        #expect(run.lease()?.unit == UnitID(1))
    }

    @Test func aFullBatchIsTrainedBeforeThePause() {
        var run = RunFixture()
        run.start()
        run.drawRound()
        run.apply(.pauseRequested)
        #expect(run.books.state == .pausing)
        run.learn()
        #expect(run.books.state == .paused)
        #expect(run.books.policyVersion == 1)
    }

    @Test func stopLeavesACheckpointAndOpenWorkInTheBooks() throws {
        var run = RunFixture()
        run.start()
        run.drawRound()
        run.learn()
        _ = run.lease()
        run.apply(.stopRequested)
        #expect(run.books.leaseOffer == .stop)
        #expect(run.learn() == .checkpoint(round: 1))
        #expect(run.books.outcome == .stopped)
        #expect(run.books.counts.inFlight == 4)
        #expect(run.books.counts.isBalanced)
    }

    @Test func stopBeforeThereIsAPolicyEndsAtOnce() {
        var run = RunFixture()
        #expect(run.apply(.stopRequested).last == .finished(.stopped))
    }

    @Test func anUpdateThatEndsWhileStoppingStillCounts() {
        var run = RunFixture()
        run.start()
        run.drawRound()
        run.apply(.stopRequested)
        run.apply(.trained(RunFixture.policy(1), RoundReport()))
        #expect(run.learn() == .checkpoint(round: 1))
        #expect(run.books.counts.trained == 12)
    }

    @Test func drainFinishesTheRoundThatHasBegun() {
        var run = RunFixture(rounds: 9)
        run.start()
        _ = run.lease().map { run.settle($0) }
        run.apply(.scored(unit: UnitID(0)))
        run.apply(.drainRequested)
        run.drawRound()
        run.learn()
        #expect(run.learn() == .checkpoint(round: 1))
        #expect(run.books.outcome == .stopped)
        #expect(run.books.reports.count == 1)
    }

    @Test func checkpointsAreDueEverySoManyRoundsAndOnRequest() {
        var run = RunFixture(rounds: 5, checkpointEvery: 2)
        run.start()
        run.drawRound()
        run.learn()
        #expect(run.books.dueCheckpoint == nil)
        #expect(run.apply(.checkpointRequested) == [.checkpointDue(round: 1)])
        #expect(run.learn() == .checkpoint(round: 1))
        #expect(run.books.dueCheckpoint == nil)
        run.drawRound()
        run.learn()
        #expect(run.learn() == .checkpoint(round: 2))
    }

    @Test func aSwapCutsBetweenRounds() throws {
        var run = RunFixture()
        run.start()
        _ = run.lease()
        let next = try #require(run.books.rewardSets.newest?.replacing("main", by: "jpeg-compressibility"))
        run.apply(.rewardSetInstalled(next))
        #expect(run.books.rewardSets.pending == next)
        run.apply(.rewardSetReady(version: 2))
        #expect(run.books.rewardSets.set(ofRound: 0)?.version == 1)
        run.apply(
            .settled(unit: UnitID(0), SampledUnit(token: .init(1), worker: "a", policyVersion: 0, adapter: "adapter-0"))
        )
        run.apply(.scored(unit: UnitID(0)))
        run.drawRound()
        #expect(run.books.rewardSets.set(ofRound: 0)?.version == 1)
        let actions = run.apply(.trained(RunFixture.policy(1), RoundReport()))
        #expect(actions.contains(.rewardSetRetired(version: 1)))
        _ = run.lease()
        #expect(run.books.rewardSets.set(ofRound: 1)?.members.first?.spec == "jpeg-compressibility")
        #expect(run.books.rewardSets.live.keys.sorted() == [2])
    }

    @Test func resumingFromACheckpointUndoesWhatItDoesNotKnow() {
        var run = RunFixture(rounds: 3)
        run.start()
        for _ in 0..<2 {
            run.drawRound()
            run.learn()
        }
        run.apply(.rewound(toRound: 1))
        #expect(run.books.state == .starting)
        #expect(run.books.counts.trained == 12)
        #expect(run.books.counts.inFlight == 12)
        #expect(run.books.counts.isBalanced)
        run.apply(.policyPublished(RunFixture.policy(1)))
        #expect(run.lease()?.unit == UnitID(3))
    }

    @Test func aRunThatWasStoppedStartsAgainInANewProcess() {
        var run = RunFixture()
        run.start()
        run.drawRound()
        run.learn()
        run.apply(.stopRequested)
        run.learn()
        #expect(run.books.state == .finished)
        run.apply(.opened)
        #expect(run.books.state == .starting)
        #expect(run.books.outcome == nil)
        #expect(run.books.leaseOffer == .wait("waiting for the learner's policy"))
        run.apply(.rewound(toRound: 1))
        run.apply(.policyPublished(RunFixture.policy(1)))
        #expect(run.lease()?.unit == UnitID(3))
    }

    @Test func eventsReplayToTheSameBooks() throws {
        var run = RunFixture()
        var history: [RunEvent] = []
        func note(_ event: RunEvent) { history.append(event) }
        for event: RunEvent in [
            .rewardSetInstalled(RunFixture.rewards(1)), .rewardSetReady(version: 1),
            .policyPublished(RunFixture.policy(0)), .leased(unit: UnitID(0), worker: "a", policyVersion: 0),
            .gaveUp(unit: UnitID(0), token: FencingToken(1), reason: .expired), .pauseRequested, .scaled(samplers: 3),
        ] {
            run.apply(event)
            note(event)
        }
        var copy = RunBooks(plan: run.books.plan)
        for event in history {
            _ = copy.apply(event, at: run.now)
        }
        #expect(copy == run.books)
    }
}
