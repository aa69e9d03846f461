import Autograd
import Foundation
import NeuralNet
import TensorCore

/// The part of a training from scratch that does not care what is trained: the optimiser, averaged weights, the learning
/// rate's course, a log, and a state to go on from after a stop.
struct PretrainingLoop {
    /// How long and how fast.
    struct Course {
        var steps: Int
        var learningRate: Double
        var warmup: Int
        var weightDecay = 0.0
        var averageDecay: Double
        /// Steps between two states and models that are written.
        var saveEvery: Int
    }

    private static let logEvery = 20

    private let parameters: [(path: String, variable: Variable)]
    private let course: Course
    private let optimizer: AdamW
    private let average: MovingAverage
    private let state: TrainingState
    private let log: LossLog
    private let first: Int

    /// Goes on from the state in the folder, if there is one; `training-state.safetensors` and `loss.jsonl` are written there.
    ///
    /// - Throws: errors of the files; `ParameterError` if the state is another model's.
    init(_ parameters: [(path: String, variable: Variable)], _ course: Course, folder: URL) throws {
        (self.parameters, self.course) = (parameters, course)
        var settings = OptimizerConfiguration()
        settings.weightDecay = course.weightDecay
        optimizer = AdamW(parameters, settings)
        average = MovingAverage(parameters, decay: course.averageDecay)
        state = TrainingState(file: folder.appending(path: "training-state.safetensors"))
        first = try state.restore(parameters: parameters, average: average, optimizer: optimizer) ?? 0
        log = try LossLog(folder.appending(path: "loss.jsonl"))
    }

    /// What one step came to.
    struct Reading {
        var loss: Double
        /// In decibels, of pictures that were rebuilt.
        var psnr: Double?
    }

    /// Takes the steps that are left.
    ///
    /// - Parameters:
    ///   - last: the step to stop before; all steps are taken if not given.
    ///   - train: one forward and backward pass, which leaves gradients on the parameters.
    ///   - save: writes the model after so many steps; the parameters have their averaged values meanwhile.
    /// - Throws: what the two throw, and errors of the files.
    func run(until last: Int? = nil, train: (_ step: Int) throws -> Reading, save: (_ steps: Int) throws -> Void) throws
    {
        let schedule = LearningRateSchedule(peak: course.learningRate, warmup: course.warmup, total: course.steps)
        let progress = Progress(total: course.steps, firstStep: first)
        let started = ContinuousClock.now
        var smoothed: Double?
        var shown = ""
        for step in first..<max(first, last ?? course.steps) {
            let reading = try train(step)
            let norm = optimizer.update(learningRate: schedule[step])
            average.update()
            let loss = 0.98 * (smoothed ?? reading.loss) + 0.02 * reading.loss
            smoothed = loss
            if step % Self.logEvery == 0 {
                var values = [
                    ("loss", loss), ("gradientNorm", norm), ("learningRate", schedule[step]),
                    ("seconds", (ContinuousClock.now - started) / .seconds(1)),
                ]
                if let psnr = reading.psnr { values.append(("psnr", psnr)) }
                try log.append(step: step, values)
                shown = String(format: "loss %.4f", loss) + (reading.psnr.map { String(format: "  %.2f dB", $0) } ?? "")
                progress.show(step, shown)
            }
            if (step + 1) % course.saveEvery == 0 || step + 1 == course.steps {
                try state.save(parameters: parameters, average: average, optimizer: optimizer)
                try withAverage { try save(step + 1) }
            }
        }
        if (last ?? course.steps) >= course.steps { progress.show(course.steps, shown) }
    }

    private func withAverage(_ body: () throws -> Void) rethrows {
        let live = parameters.map(\.variable.value)
        for (path, variable) in parameters { variable.value = average.values[path] ?? variable.value }
        defer { for (parameter, value) in zip(parameters, live) { parameter.variable.value = value } }
        try body()
    }
}
