import Autograd
import Foundation
import NeuralNet
import TensorCore

/// Everything a pre-training needs to go on after a stop: parameters, moving average, optimiser, step.
struct TrainingState {
    let file: URL

    /// Written beside and renamed, so that a crash leaves the previous state whole.
    func save(parameters: [(path: String, variable: Variable)], average: MovingAverage, optimizer: AdamW) throws {
        var tensors: [String: Tensor] = [:]
        for (path, variable) in parameters {
            tensors["parameter.\(path)"] = variable.value
            tensors["average.\(path)"] = average.values[path]
        }
        for (key, tensor) in optimizer.state { tensors["optimizer.\(key)"] = tensor }
        try SafeTensorsWriter().write(tensors, to: file.path)
    }

    /// - Returns: the step to go on from, or `nil` if there is nothing to resume.
    func restore(
        parameters: [(path: String, variable: Variable)], average: MovingAverage, optimizer: AdamW
    ) throws -> Int? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let archive = try SafeTensorsArchive(path: file.path)
        var averages: [String: Tensor] = [:]
        for (path, variable) in parameters {
            let value = try archive.tensor(named: "parameter.\(path)")
            guard value.shape == variable.shape else {
                throw ParameterError(
                    path: path, reason: "has another shape in \(file.path); start anew in another folder")
            }
            variable.value = value
            averages[path] = try archive.tensor(named: "average.\(path)")
        }
        var moments: [String: Tensor] = [:]
        for key in archive.keys where key.hasPrefix("optimizer.") {
            moments[String(key.dropFirst("optimizer.".count))] = try archive.tensor(named: key)
        }
        try optimizer.restore(moments)
        average.restore(averages, updates: optimizer.step)
        return optimizer.step
    }
}

/// Appends one JSON object a line.
struct LossLog {
    private let handle: FileHandle

    init(_ file: URL) throws {
        if !FileManager.default.fileExists(atPath: file.path) {
            try Data().write(to: file)
        }
        handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
    }

    func append(step: Int, _ values: [(key: String, value: Double)]) throws {
        let fields = values.map { "\"\($0.key)\":\(String(format: "%.6g", $0.value))" }
        try handle.write(contentsOf: Data("{\"step\":\(step),\(fields.joined(separator: ","))}\n".utf8))
    }
}

/// Linear warm-up, then a cosine down to a twentieth.
struct LearningRateSchedule {
    let peak: Double
    let warmup: Int
    let total: Int

    subscript(step: Int) -> Double {
        if step < warmup { return peak * Double(step + 1) / Double(warmup) }
        let progress = min(1, Double(step - warmup) / Double(max(1, total - warmup)))
        return peak * (0.05 + 0.95 * 0.5 * (1 + cos(.pi * progress)))
    }
}
