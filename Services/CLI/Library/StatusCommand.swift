import ArgumentParser
import ServiceAPI
import Wire

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows where a run stands, and what it waits for.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let status = try await connection.call { client in
            try RunStatus(try await client.status(AdminStatusRequest(), options: .command).message)
        }
        if connection.json { return try Output.json(status) }
        Output.line(
            "\(status.run) (\(status.algorithm)): \(status.state.rawValue), round \(status.round)/\(status.rounds)")
        Output.line("  pictures  \(Figures.line(status.rollouts))")
        let rewards = status.rewards.map { "\($0.name)=\($0.spec)" }.joined(separator: ", ")
        Output.line("  rewards   set \(status.rewardSet): \(rewards)")
        if let report = status.lastRound { Output.line("  last      \(Figures.line(report, of: status.rounds))") }
        for worker in status.workers {
            Output.line("  \(worker.kind.rawValue)  \(worker.name)  process \(worker.processID)  \(worker.activity)")
        }
        for reason in status.waitingFor { Output.line("  waits for: \(reason)") }
        if !status.outcome.isEmpty { Output.line("  \(status.outcome) \(status.failure)") }
    }
}
