import Foundation
import Ledger
import Logging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import Synchronization
import Wire

/// A run on this machine from its first process to its last.
struct LocalRun: Sendable {
    enum Outcome: Sendable {
        case completed
        case stopped
        case failed(String)
    }

    private let configuration: RunConfiguration
    private let folder: RunFolder
    private let shutdown: Shutdown
    private let display: ProgressDisplay
    /// How long the run may take to stop with a checkpoint.
    private static let patience = Duration.seconds(90)

    init(_ configuration: RunConfiguration, _ folder: RunFolder, _ shutdown: Shutdown) {
        self.configuration = configuration
        self.folder = folder
        self.shutdown = shutdown
        display = ProgressDisplay(rounds: configuration.rounds, samplesPerRound: configuration.sampling.samplesPerRound)
    }

    /// Starts the processes, shows the progress, and ends the processes, whatever happens.
    func run() async throws -> Outcome {
        let failure = Shutdown()
        let display = display
        let stack = LocalStack(
            folder, restarts: configuration.fleet.restarts, onFailure: { failure.request($0) },
            onEvent: { display.line("  \($0)") })
        display.line("run '\(configuration.run)' in \(folder.url.path)")
        let outcome: Outcome
        do {
            try await stack.startCoordinator()
            let address = await stack.admin
            let endpoint = try ProcessKeys.endpoint(
                name: "atelier", role: .operator, keys: folder.keys.url.path, dials: [address],
                log: Logger(label: "atelier"))
            try folder.announce(address)
            try await stack.startLearner()
            outcome = await follow(
                stack, admin: AdminClient(endpoint.channel(address, services: [])),
                fleet: FleetClient(endpoint.channel(folder.socket("control"), services: [])), failure)
        } catch {
            await stack.stop()
            throw error
        }
        await stack.stop()
        return outcome
    }

    /// Follows the run until it is over, has failed, or somebody asked it to stop.
    private func follow(
        _ stack: LocalStack, admin: AdminClient, fleet: FleetClient, _ failure: Shutdown
    ) async -> Outcome {
        let over = Shutdown()
        let tasks = [
            Task { await keepFleet(stack, fleet, failure) },
            Task { await showNotices(admin, over) },
            Task { await showBar(admin) },
            Task {
                await shutdown.wait()
                await stop(admin, over)
            },
            Task {
                await failure.wait()
                over.request("failed")
            },
        ]
        await over.wait()
        for task in tasks { task.cancel() }
        let status = try? RunStatus(
            try await admin.status(AdminStatusRequest(), options: CallOptions(timeout: .seconds(5))).message)
        if let status, !status.outcome.isEmpty {
            switch status.outcome {
            case "completed": return .completed
            case "stopped": return .stopped
            default: return .failed(status.failure)
            }
        }
        let reason = failure.reason ?? "the coordinator does not answer any more"
        // The books have to say so too: summary.json is theirs.
        _ = try? await admin.stop(
            AdminStopRequest(reason: reason, failed: true),
            // A service may fail before the coordinator listens.
            options: CallOptions(timeout: .seconds(5), waitForReady: true))
        return .failed(reason)
    }

    /// Starts and ends processes as the coordinator plans.
    private func keepFleet(_ stack: LocalStack, _ fleet: FleetClient, _ failure: Shutdown) async {
        let options = CallOptions(timeout: .seconds(30 * 86_400), waitForReady: true)
        while !Task.isCancelled {
            do {
                for try await item in try await fleet.plan(ControlFleetPlanRequest(name: "host"), options: options) {
                    let plan = item.message
                    if plan.stop { return }
                    try await stack.follow(samplers: Int(plan.samplers), rewards: plan.rewards)
                }
            } catch let error as ServiceError {
                failure.request(error.description)
                return
            } catch {
                try? await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    private func showNotices(_ admin: AdminClient, _ over: Shutdown) async {
        let options = CallOptions(timeout: .seconds(30 * 86_400), waitForReady: true)
        var last: UInt64 = 0
        while !Task.isCancelled {
            do {
                for try await item in try await admin.tail(AdminTailRequest(after: last), options: options) {
                    let notice = RunNotice(item.message)
                    last = notice.sequence
                    display.show(notice)
                    if notice.kind == .finished { over.request(notice.message) }
                }
            } catch {
                try? await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    private func showBar(_ admin: AdminClient) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            guard let reply = try? await admin.status(AdminStatusRequest(), options: .command),
                let status = try? RunStatus(reply.message), !Task.isCancelled
            else { continue }
            display.show(status)
        }
    }

    /// Asks the run to stop with a checkpoint, and gives up on it after a while.
    private func stop(_ admin: AdminClient, _ over: Shutdown) async {
        guard shutdown.isRequested, !over.isRequested else { return }
        display.line("stopping with a checkpoint (\(shutdown.reason ?? "")); once more ends everything at once")
        let request = AdminStopRequest(reason: shutdown.reason ?? "", failed: false)
        do {
            _ = try await admin.stop(request, options: CallOptions(timeout: .seconds(10)))
            try await Task.sleep(for: Self.patience)
        } catch {}
        over.request("the run does not stop")
    }
}
