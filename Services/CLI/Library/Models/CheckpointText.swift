import Diffusion
import Foundation
import ServiceRuntime

/// A report on a checkpoint in lines for people.
struct CheckpointText {
    let lines: [String]

    init(_ report: CheckpointReport) {
        var lines: [String] = []
        if let pipeline = report.pipeline {
            lines.append("\(report.family ?? "") (\(pipeline)), \(Figures.grouped(report.parameters)) parameters")
        }
        if let scheduler = report.scheduler {
            lines.append("  scheduler: \(scheduler), prediction \(report.prediction ?? "")")
        }
        for part in report.components {
            let types = part.elementTypes.sorted { $0.key < $1.key }.map {
                part.elementTypes.count == 1 ? $0.key : "\($0.key) \(Figures.grouped($0.value))"
            }
            var line = "  \(part.name): \(part.className ?? "no class")"
            if part.parameters > 0 {
                line += ", \(Figures.grouped(part.parameters)) parameters, \(types.joined(separator: ", "))"
                line += part.files.count > 1 ? ", \(part.files.count) shards" : ""
            }
            lines.append(line)
            if let fault = part.fault { lines.append("    wrong: \(fault)") }
            lines += Self.list("missing", part.missing) + Self.list("unexpected", part.unexpected)
            lines += Self.list("of another shape", part.misshapen)
        }
        if let memory = report.memory {
            let figures = [
                ("weights", memory.weights), ("drawing a picture", memory.sampling),
                ("in bf16", memory.samplingBF16), ("training step", memory.training),
                ("recomputing", memory.trainingRecomputed), ("recomputing in bf16", memory.trainingRecomputedBF16),
            ].map { "\($0) \(MachineMemory.gigabytes($1))" }
            lines.append("  memory, estimated: \(figures.joined(separator: ", "))")
        }
        self.lines = lines
    }

    private static func list(_ what: String, _ keys: [String]) -> [String] {
        guard !keys.isEmpty else { return [] }
        let shown = keys.prefix(5).joined(separator: ", ")
        return ["    \(what): \(shown)\(keys.count > 5 ? " and \(keys.count - 5) more" : "")"]
    }
}
