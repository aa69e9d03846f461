import Rewards

/// One reward of a run.
public struct RewardAssignment: Codable, Hashable, Sendable {
    /// What the reward is called in this run: `atelier swap NAME=SPEC` refers to it.
    public var name = "checker"
    /// What it is: see `RewardConfiguration`; a tree may stand here as it is.
    public var spec = "checker"
    /// What it counts in the sum that the policy is trained on.
    public var weight = 1.0

    public init() {}

    public init(name: String, spec: String, weight: Double = 1) {
        self.name = name
        self.spec = spec
        self.weight = weight
    }

    /// What the specification of a reward begins with whose service is not ours to start.
    private static let externalPrefix = "external:"

    /// Whether the reward is a service that somebody else starts, in whatever language: `external:NAME`.
    public var isExternal: Bool { spec.hasPrefix(Self.externalPrefix) }

    /// Whether the reward says how it changes with the picture; nil if somebody else's service will have to be asked.
    public var isDifferentiable: Bool? {
        guard !isExternal else { return nil }
        return (try? RewardConfiguration(spec))?.isDifferentiable
    }

    /// Refuses a reward that cannot be made.
    ///
    /// - Parameter path: the reward's key in the configuration.
    /// - Throws: `ConfigurationError` that lists the choices.
    public func validate(path: String) throws(ConfigurationError) {
        guard !name.isEmpty, !name.contains("=") else {
            throw ConfigurationError(path: "\(path).name", "'\(name)' is no name for a reward")
        }
        if isExternal {
            guard spec.count > Self.externalPrefix.count else {
                throw ConfigurationError(path: "\(path).spec", "'\(spec)' lacks the name of the service's reward")
            }
        } else {
            do {
                _ = try RewardConfiguration(spec)
            } catch {
                let more = error.code == .unknownReward ? ", external:NAME" : ""
                throw ConfigurationError(path: "\(path).spec", error.message + more)
            }
        }
        guard weight.isFinite else { throw ConfigurationError(path: "\(path).weight", "\(weight) is not a number") }
    }
}
