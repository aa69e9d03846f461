import ArgumentParser
import RPC
import ServiceRuntime
import Wire

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Finishes what is in flight and draws nothing new.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.command { try await $0.pause(AdminPauseRequest(), options: .command) }
    }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Goes on after a pause.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.command { try await $0.resume(AdminResumeRequest(), options: .command) }
    }
}

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Finishes the round that has begun and ends the run.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.command { try await $0.drain(AdminDrainRequest(), options: .command) }
    }
}

struct CheckpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Has the learner write a checkpoint now.")

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.command { try await $0.checkpoint(AdminCheckpointRequest(), options: .command) }
    }
}

struct ScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Changes the number of samplers while the run goes on.")

    /// What can be scaled.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case samplers
    }

    @Argument(help: "What to scale.")
    var kind: Kind
    @Argument(help: "How many there should be.")
    var count: UInt32
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.command {
            try await $0.scale(AdminScaleRequest(samplers: count), options: .command)
        }
    }
}

struct SwapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swap", abstract: "Replaces a reward by another from the next round on.")

    @Argument(help: "REWARD=SPEC, for example checker=jpeg-compressibility.")
    var assignment: String
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        guard let equals = assignment.firstIndex(of: "=") else {
            throw ServiceError("'\(assignment)' is not REWARD=SPEC", exitCode: .usage)
        }
        let request = AdminSwapRequest(
            reward: String(assignment[..<equals]), spec: String(assignment[assignment.index(after: equals)...]))
        try await connection.command { try await $0.swap(request, options: .command) }
    }
}

extension ConnectionOptions {
    /// The answer to a command, as `--json` prints it.
    private struct Answer: Encodable {
        let state: String
        let message: String
    }

    /// Gives a command and prints the answer.
    fileprivate func command(_ body: (AdminClient) async throws -> Reply<AdminCommandReply>) async throws {
        let reply = try await call(body).message
        if json {
            try Output.json(Answer(state: reply.state, message: reply.message))
        } else {
            Output.line("\(reply.state): \(reply.message)")
        }
    }
}
