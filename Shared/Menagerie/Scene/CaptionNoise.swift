/// The mistakes in training captions: each attribute may be left out or be told wrong.
public struct CaptionNoise: Codable, Hashable, Sendable {
    /// The chance that a colour, a ground or a relation is left out.
    public var dropped: Double
    /// The chance that a colour, a number, a ground or a relation is told wrong.
    public var wrong: Double

    public init(dropped: Double = 0.08, wrong: Double = 0.06) {
        self.dropped = dropped
        self.wrong = wrong
    }

    /// No mistakes.
    public static let none = CaptionNoise(dropped: 0, wrong: 0)

    /// What a careless observer says of the scene; kinds are always told right.
    func applied(to description: Scene.Description, using generator: inout some RandomNumberGenerator)
        -> Scene.Description
    {
        guard dropped > 0 || wrong > 0 else { return description }
        var told = description
        for index in told.subjects.indices {
            told.subjects[index].tint = mistaken(told.subjects[index].tint, using: &generator)
        }
        told.ground = mistaken(told.ground, using: &generator)
        told.relation = mistaken(told.relation, using: &generator)
        if told.subjects.count == 1, told.subjects[0].count > 1, generator.chance(wrong) {
            let others = (1...Scene.Description.largestCount).filter { $0 != told.subjects[0].count }
            told.subjects[0].count = generator.pick(others)
        }
        return told
    }

    private func mistaken<Attribute: CaseIterable & Equatable>(
        _ attribute: Attribute?, using generator: inout some RandomNumberGenerator
    ) -> Attribute? {
        guard let attribute else { return nil }
        if generator.chance(dropped) { return nil }
        if generator.chance(wrong) { return generator.pick(Attribute.allCases.filter { $0 != attribute }) }
        return attribute
    }
}
