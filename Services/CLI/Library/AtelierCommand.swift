public import ArgumentParser
import ServiceRuntime

/// The command line's root.
public struct AtelierCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "atelier",
        abstract: "Fine-tunes text-to-image diffusion models with rewards.",
        groupedSubcommands: [
            CommandGroup(name: "Runs", subcommands: [RunCommand.self, StudyCommand.self]),
            CommandGroup(
                name: "A running stack",
                subcommands: [
                    StatusCommand.self, PauseCommand.self, ResumeCommand.self, ScaleCommand.self, SwapCommand.self,
                    DrainCommand.self, CheckpointCommand.self, TailCommand.self, RPCCommand.self,
                ]),
            CommandGroup(name: "Security", subcommands: [KeysCommand.self]),
            CommandGroup(name: "Models and pictures", subcommands: [ScoreCommand.self] + modelCommands),
        ])

    public init() {}

    /// Runs the command that the process's arguments name, and ends the process.
    public static func start() async -> Never {
        await Program.run(Self.self)
    }
}
