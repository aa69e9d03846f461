import Imaging

/// What the checker sees in a picture, before any claim about it.
public struct Observation: Sendable {
    /// A thing before the ground.
    public struct Thing: Sendable {
        /// How well it looks like each kind, in the order of `Kind.allCases`: sums to 1.
        public let kindShares: [Float]
        /// How well it looks like each colour, in the order of `Tint.allCases`: sums to 1.
        public let tintShares: [Float]
        /// The middle of its box, in pixels from the upper left corner.
        public let x: Float
        public let y: Float

        public var kind: Kind { Kind.allCases[Self.largest(kindShares)] }
        public var tint: Tint { Tint.allCases[Self.largest(tintShares)] }

        func share(_ kind: Kind) -> Float { kindShares[kind.index] }
        func share(_ tint: Tint) -> Float { tintShares[Tint.allCases.firstIndex(of: tint) ?? 0] }

        private static func largest(_ shares: [Float]) -> Int {
            shares.indices.max { shares[$0] < shares[$1] } ?? 0
        }
    }

    /// The things from the largest to the smallest.
    public let things: [Thing]
    /// How well it looks like each ground, in the order of `Ground.allCases`, the plain one last: sums to 1.
    public let groundShares: [Float]

    /// The ground that fits best; `nil` is a plain one.
    public var ground: Ground? {
        let best = groundShares.indices.max { groundShares[$0] < groundShares[$1] } ?? 0
        return best < Ground.allCases.count ? Ground.allCases[best] : nil
    }

    /// Looks at a picture.
    ///
    /// - Precondition: the picture has `Menagerie.side` pixels a side.
    public init(_ picture: Picture) {
        precondition(
            picture.width == Menagerie.side && picture.height == Menagerie.side,
            "the checker sees \(Menagerie.side)x\(Menagerie.side) pictures, not \(picture.width)x\(picture.height)")
        let foreground = Foreground(picture)
        groundShares = foreground.groundShares
        things = Region.all(in: foreground).map { region in
            Thing(
                kindShares: KindMatcher.shared.shares(of: region, in: foreground),
                tintShares: TintMatcher.shared.shares(of: region, in: foreground),
                x: Float(region.left + region.right + 1) / 2, y: Float(region.top + region.bottom + 1) / 2)
        }
    }
}
