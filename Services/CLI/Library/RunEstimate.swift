import Foundation
import Ledger
import RL
import RunConfiguration
import ServiceRuntime

/// What a run will do, found out before it starts and without its model.
struct RunEstimate: Encodable {
    /// Evaluations of the UNet for one picture at one timestep.
    struct Passes: Encodable {
        /// Forward, to draw pictures.
        var sampling: Double
        /// Forward and back, to learn.
        var training: Double
        /// Forward, of the base model.
        var frozen: Double
    }

    struct Pictures: Encodable {
        var base: Int
        var training: Int
        var validation: Int
    }

    let run: String
    let algorithm: String
    let rounds: Int
    let pictures: Pictures
    let passes: Passes
    /// Whether the model's files are here.
    let modelIsHere: Bool
    /// What memory it will need, where the model's files are here or known.
    var memory: RunCheck?

    init(_ configuration: RunConfiguration) {
        run = configuration.run
        algorithm = configuration.algorithm.name
        rounds = configuration.rounds
        let (plan, sampling) = (configuration.plan, configuration.sampling)
        let units = (0...plan.lastRound).map { plan.units(ofRound: $0) }
        let validating = units.joined().count { plan.validationPlace(of: $0) != nil } * plan.samplesPerUnit
        let all = units.reduce(0) { $0 + $1.count } * plan.samplesPerUnit
        let base = configuration.algorithm.demands.baseSamples
        pictures = Pictures(base: base, training: all - validating - base, validation: validating)
        let isGuided = sampling.guidance != 1
        let update = configuration.algorithm.algorithm.rule(latentElements: 1).cost(
            samples: sampling.samplesPerRound, steps: sampling.steps, isGuided: isGuided)
        passes = Passes(
            sampling: Double(all * sampling.steps) * (isGuided ? 2 : 1),
            training: update.trained * Double(rounds), frozen: update.frozen * Double(rounds))
        modelIsHere = (try? ModelLocation.folder(configuration.model)) != nil
    }

    private var verdict: String {
        if memory?.refusal != nil { return "would be refused here" }
        return modelIsHere ? "can be run" : "can be run where its model is"
    }

    /// For people.
    func text(_ configuration: RunConfiguration) -> String {
        func count(_ value: Double) -> String { Figures.grouped(Int(value.rounded())) }
        let drawn = Double(pictures.base + pictures.training + pictures.validation)
        return """
            \(run): \(verdict)
              algorithm  \(algorithm), \(rounds) rounds
              model      \(configuration.model)\(modelIsHere ? "" : ": its files are not here")
              pictures   \(count(drawn)): \(count(Double(pictures.base))) of the base model, \
            \(count(Double(pictures.training))) in rounds, \(count(Double(pictures.validation))) to validate
              unet       \(count(passes.sampling)) passes to draw, \(count(passes.training)) forward and back to learn, \
            \(count(passes.frozen)) of the base model
            """ + (memory.map { "\n" + $0.text } ?? "")
    }
}
