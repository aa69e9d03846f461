import ArgumentParser

/// The commands that work on models without a run.
let modelCommands: [any ParsableCommand.Type] = []
