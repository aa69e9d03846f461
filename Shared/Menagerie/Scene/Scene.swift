/// The record of a picture: what it shows, in GenEval's manner, and the seed of everything that is not said.
public struct Scene: Codable, Hashable, Sendable {
    /// One or several things of a kind and colour.
    public struct Subject: Codable, Hashable, Sendable {
        public var kind: Kind
        /// The colour; `nil` is the natural one of an animal and any one of a shape.
        public var tint: Tint?
        /// How many: 1 to 5.
        public var count: Int

        public init(_ kind: Kind, tint: Tint? = nil, count: Int = 1) {
            self.kind = kind
            self.tint = tint
            self.count = count
        }
    }

    public var description: Description
    /// Decides places, sizes, mirroring, the horizon, the tone of a plain ground and the colour of a shape without one.
    public var seed: UInt64

    public init(_ description: Description, seed: UInt64) {
        self.description = description
        self.seed = seed
    }

    /// What can be said of a scene: what a caption tells and what a prompt claims.
    ///
    /// - Invariant: one or two subjects of together at most five things; a relation only between two subjects of one
    ///   thing each.
    public struct Description: Codable, Hashable, Sendable {
        public var subjects: [Subject]
        /// How the first subject lies to the second; `nil` leaves it open.
        public var relation: Relation?
        public var ground: Ground?

        public init(_ subjects: [Subject], relation: Relation? = nil, ground: Ground? = nil) {
            precondition((1...2).contains(subjects.count), "\(subjects.count) subjects; a scene has one or two")
            precondition(
                subjects.allSatisfy { $0.count >= 1 } && subjects.reduce(0) { $0 + $1.count } <= Self.largestCount,
                "a scene has at most \(Self.largestCount) things")
            precondition(
                relation == nil || subjects.count == 2 && subjects.allSatisfy { $0.count == 1 },
                "a relation holds between two single things")
            self.subjects = subjects
            self.relation = relation
            self.ground = ground
        }

        /// The most things in one scene.
        public static let largestCount = 5
    }
}
