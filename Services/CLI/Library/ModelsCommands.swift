import ArgumentParser

/// The commands that work on models without a run.
let modelCommands: [any ParsableCommand.Type] = [
    SampleCommand.self, ForwardCommand.self, TokenizeCommand.self, InspectCommand.self, ExportCommand.self,
    MergeCommand.self, BenchCommand.self, PretrainCommand.self, EvaluateCommand.self, RenderCommand.self,
]
