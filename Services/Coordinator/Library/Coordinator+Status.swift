import Ledger
import ServiceAPI

extension Coordinator {
    /// The run as it stands.
    var status: RunStatus {
        var status = RunStatus()
        status.run = configuration.run
        status.algorithm = configuration.algorithm.name
        status.folder = folder.path
        status.state = books.state
        status.round = books.policyVersion ?? books.reports.count
        status.rounds = books.plan.rounds
        status.rollouts = books.counts
        let now = Self.now
        status.workers = fleet.members.values.sorted { $0.introduction.name < $1.introduction.name }.map {
            RunStatus.Worker(
                name: $0.introduction.name, kind: $0.introduction.kind, processID: $0.introduction.processID,
                address: $0.introduction.address, activity: $0.activity, silence: max(0, now - $0.lastHeard),
                policyVersion: $0.policyVersion, pictures: $0.pictures)
        }
        status.waitingFor = waitingFor(now)
        let set = books.rewardSets.current ?? books.rewardSets.newest
        status.rewardSet = set?.version ?? 0
        status.rewards = set?.members ?? []
        status.samplersWanted = books.samplers ?? configuration.fleet.samplers
        status.lastRound = books.reports.last
        switch books.outcome {
        case .completed: status.outcome = "completed"
        case .stopped: status.outcome = "stopped"
        case .failed(let reason): (status.outcome, status.failure) = ("failed", reason)
        case nil: break
        }
        status.wallSeconds = wallSeconds
        if let version = books.policyVersion {
            status.adapterSHA256 = books.policies[version]?.sha256 ?? ""
        }
        return status
    }

    private func waitingFor(_ now: Double) -> [String] {
        var reasons: [String] = []
        guard books.state != .finished else { return [] }
        if fleet.workers(.learner).isEmpty { reasons.append("no learner is here") }
        if fleet.workers(.sampler).isEmpty { reasons.append("no sampler is here") }
        for set in books.rewardSets.live.values.sorted(by: { $0.version < $1.version }) {
            for member in set.members where fleet.addresses(ofReward: member.spec).isEmpty {
                reasons.append("no service of reward '\(member.name)' (\(member.spec)) is here")
            }
        }
        if let block { reasons.append("\(block.reason), for \(Int(now - block.since)) s") }
        if case .paused = books.state { reasons.append("the run is paused; `atelier resume` goes on") }
        return reasons
    }

    var summary: RunSummary {
        RunSummary(
            run: configuration.run, algorithm: configuration.algorithm.name, books: books,
            wallSeconds: wallSeconds)
    }
}
