import Testing

@testable import Ledger

/// Whole runs with samplers that die, results that come late, twice or never, pauses, swaps and restarts, in an order
/// that a seed decides.
struct SimulationTests {
    @Test(arguments: 0..<200)
    func everyRunEndsAndNothingIsCountedTwice(seed: UInt64) {
        var chance = SplitMix(state: seed)
        var run = RunFixture(
            rounds: 4, units: 5, staleness: Int(seed % 3), leaseSeconds: 30, attempts: 1_000, checkpointEvery: 2)
        run.start()
        var mailbox: [Lease] = []
        var trained: [UnitID: Int] = [:]
        var steps = 0
        var restarts = 5
        while run.books.state != .finished {
            steps += 1
            guard steps < 20_000 else {
                Issue.record("seed \(seed) hangs in state \(run.books.state)")
                return
            }
            run.now += Double(chance.below(20))
            for lease in run.books.units.leases.expired(at: run.now) {
                run.apply(.gaveUp(unit: lease.unit, token: lease.token, reason: .expired))
            }
            step(&run, &chance, &mailbox, &trained, &restarts)
            #expect(run.books.counts.isBalanced)
        }
        #expect(run.books.outcome == .completed)
        #expect(trained.count == 20)
        #expect(trained.values.allSatisfy { $0 == 1 })
        #expect(run.books.counts.trained == 80)
        #expect(run.books.counts.issued == 80)
    }

    private func step(
        _ run: inout RunFixture, _ chance: inout SplitMix, _ mailbox: inout [Lease], _ trained: inout [UnitID: Int],
        _ restarts: inout Int
    ) {
        switch chance.below(100) {
        case 0..<35:
            if let lease = run.lease("worker \(chance.below(4))"), chance.below(4) > 0 {
                mailbox.append(lease)
            }
        case 35..<65:
            guard !mailbox.isEmpty else { return }
            let lease = mailbox[chance.below(mailbox.count)]
            // The result stays in the mailbox: it may come again.
            run.settle(lease)
        case 65..<85:
            run.apply(.scored(unit: UnitID(UInt64(chance.below(20)))))
        case 85..<94:
            learn(&run, &trained)
        case 94: run.apply(.pauseRequested)
        case 95, 96: run.apply(.resumeRequested)
        case 97:
            let worker = "worker \(chance.below(4))"
            for lease in run.books.units.leases.held(by: worker) {
                run.apply(.gaveUp(unit: lease.unit, token: lease.token, reason: .workerLeft))
            }
        case 98:
            let newest = run.books.rewardSets.newest?.version ?? 0
            run.apply(.rewardSetInstalled(RunFixture.rewards(newest + 1, spec: "spec \(newest)")))
            run.apply(.rewardSetReady(version: newest + 1))
        default:
            guard restarts > 0 else { return }
            restarts -= 1
            restart(&run, &mailbox, &trained)
        }
    }

    private func learn(_ run: inout RunFixture, _ trained: inout [UnitID: Int]) {
        let before = run.books.policyVersion
        guard case .train(let round, let units) = run.learn() else { return }
        #expect(units == units.sorted())
        #expect(run.books.policyVersion == (before ?? 0) + 1)
        for unit in units {
            #expect(run.books.plan.round(of: unit) == round)
            trained[unit, default: 0] += 1
        }
    }

    /// Everything dies and is resumed from the last checkpoint.
    private func restart(_ run: inout RunFixture, _ mailbox: inout [Lease], _ trained: inout [UnitID: Int]) {
        let round = run.books.lastCheckpoint ?? 0
        mailbox = []
        trained = trained.filter { run.books.plan.round(of: $0.key) < round }
        run.apply(.rewound(toRound: round))
        run.apply(.policyPublished(RunFixture.policy(round)))
    }
}

/// A small generator, so that a failing seed can be run again.
struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
}
