import ArgumentParser

/// The commands that work on models without a run.
let modelCommands: [any ParsableCommand.Type] = [
    SampleCommand.self, ForwardCommand.self, BenchCommand.self, PretrainCommand.self,
]
