import ArgumentParser

/// `atelier evaluate`: how good a reward is.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measures how far rewards agree with people.",
        subcommands: [
            EvaluateScoresCommand.self, EvaluateRewardsCommand.self, EvaluateSensitivityCommand.self,
            EvaluateDrawCommand.self,
        ])
}
