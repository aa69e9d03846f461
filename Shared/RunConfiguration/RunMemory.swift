public import Diffusion
import RL

/// What the processes of a run will need, from the checkpoint's configurations alone; rewards are not counted.
public struct RunMemory: Codable, Hashable, Sendable {
    /// Bytes of the learner at its peak.
    public var learner: Int
    /// Bytes of each sampler at its peak.
    public var sampler: Int
    public var samplers: Int
    /// Whether the learner computes activations again in the backward pass.
    public var recomputes: Bool

    /// Bytes that samplers have in common with each other and with the learner.
    public var shared: Int

    /// All processes on one machine.
    public var total: Int { learner + samplers * (sampler - shared) }

    /// The needs of a run.
    ///
    /// - Parameters:
    ///   - configuration: of the run.
    ///   - model: its checkpoint.
    ///   - machine: bytes that the machine has in all; `training.recompute: auto` keeps activations where four fifths of
    ///     them hold the run.
    public init(_ configuration: RunConfiguration, _ model: ModelOutline, machine: Int?) {
        let estimate = MemoryEstimate(model)
        let sampling = configuration.sampling
        let isGuided = sampling.guidance != 1
        let drawing = MemoryEstimate.Work(
            size: model.size, samples: sampling.samplesPerUnit, isGuided: isGuided, precision: sampling.precision)
        let isWhole = configuration.training.parameters == .full
        let learning = MemoryEstimate.Work(
            size: model.size, samples: configuration.microBatch, isGuided: isGuided,
            precision: configuration.training.precision, trainsAll: isWhole)
        let grid = MemoryEstimate.Work(
            size: model.size,
            samples: min(max(configuration.checkpoints.gridColumns, 1), StableDiffusion.drawnAtOnce(model.size)),
            isGuided: isGuided, precision: configuration.training.precision)
        // The latents of a round, and those of the next while it is trained on, and the base model's pictures that are kept.
        let demands = configuration.algorithm.demands
        let latentsEach = demands.payload == .trajectory ? sampling.steps + 1 : 1
        let trajectories =
            4 * (2 * sampling.samplesPerRound * latentsEach + demands.baseSamples) * model.size.height
            * model.size.width
            * model.unet.inChannels
        // A network that is trained as a whole. In the learner stay its values, two moments, and the bytes of three versions
        // that may be asked for; while an update is made and published, eight more were seen. In a sampler are two sets of
        // values while they change, the bytes of two versions and of the one that is read, and three in the host's relay.
        let network = isWhole ? 4 * model.unetParameters : 0
        func learner(_ recompute: Bool) -> Int {
            trajectories + 14 * network
                + estimate.learning(
                    learning, recompute: recompute, pictures: configuration.checkpoints.gridColumns > 0 ? grid : nil)
        }
        sampler = estimate.sampling(drawing) + 8 * network
        samplers = configuration.fleet.samplers
        shared = isWhole ? 0 : estimate.shared(drawing)
        let keeping = learner(false) + samplers * (sampler - shared)
        recomputes =
            switch configuration.training.recompute {
            case .on: true
            case .off: false
            case .auto: machine.map { keeping > $0 / 5 * 4 } ?? true
            }
        self.learner = learner(recomputes)
    }
}

extension RunConfiguration {
    /// Samples that go through the network as one batch with gradients, at the most.
    public var microBatch: Int { algorithm.algorithm.rule(latentElements: 1).microBatch }
}
