/// The rewards that score one round, under one version number.
public struct RewardSet: Codable, Hashable, Sendable {
    /// One reward of a set: what it is called in the run, what it is, and what it counts.
    public struct Member: Codable, Hashable, Sendable {
        public let name: String
        /// What the reward service is started with, for example `checker` or `jpeg-compressibility`.
        public let spec: String
        public let weight: Double

        public init(name: String, spec: String, weight: Double) {
            self.name = name
            self.spec = spec
            self.weight = weight
        }
    }

    public let version: Int
    public let members: [Member]

    public init(version: Int, members: [Member]) {
        self.version = version
        self.members = members
    }

    /// The next version, with another spec under one of the names; nil if no reward has that name.
    public func replacing(_ name: String, by spec: String) -> RewardSet? {
        guard members.contains(where: { $0.name == name }) else { return nil }
        return RewardSet(
            version: version + 1,
            members: members.map {
                $0.name == name ? Member(name: name, spec: spec, weight: $0.weight) : $0
            })
    }
}
