import RL

/// The processes of a run on this machine.
public struct FleetConfiguration: Codable, Hashable, Sendable {
    public var samplers = 2
    /// Threads of one sampler.
    ///
    /// The same for every sampler, because sums depend on how they are split.
    public var samplerThreads = 1
    public var learnerThreads = 2
    /// How often a process that dies is started again before the run fails.
    public var restarts = 3

    /// Memory that all processes of the run may take together, in GB; what is free if not given.
    ///
    /// A run that will need more is refused before it starts.
    @OptionalSetting public var memoryLimit: Double? = nil

    public init() {}

    func validate() throws(ConfigurationError) {
        try requirePositive(samplers, "fleet.samplers")
        try requirePositive(samplerThreads, "fleet.samplerThreads")
        try requirePositive(learnerThreads, "fleet.learnerThreads")
        if let memoryLimit { try requirePositive(memoryLimit, "fleet.memoryLimit") }
        guard restarts >= 0 else { throw ConfigurationError(path: "fleet.restarts", "\(restarts) is negative") }
    }
}
