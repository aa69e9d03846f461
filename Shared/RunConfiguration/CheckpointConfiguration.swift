import Diffusion
import RL

/// When checkpoints are written, and which pictures are drawn beside them.
public struct CheckpointConfiguration: Codable, Hashable, Sendable {
    /// Rounds between two checkpoints; the end of a run always gets one.
    public var every = 10
    /// Prompts of the sample grid, one row each; empty means the run's first prompts.
    public var gridPrompts: [String] = []
    /// Pictures for each prompt of the grid, always from the same seeds; 0 draws no grid.
    public var gridColumns = 8
    /// The sampler of the grid, for instance `dpm-solver++` or `euler`; that of the run if not given.
    @OptionalSetting public var gridScheduler: SamplingMethod? = nil
    /// Rows of the grid at most.
    public var gridRows = 4

    public init() {}
}
