/// How often a training set shows what: the common, the rare and the held-out.
///
/// Rare and missing cells, and the noise of the captions, leave the base model something to learn from a reward.
public struct Distribution: Codable, Hashable, Sendable {
    /// The share of scenes with one thing, of scenes with several of a kind; the rest has two subjects.
    public var singleShare = 0.68
    public var countedShare = 0.16
    /// The share of scenes that have a colour, a named ground, a shape as subject, and, of two subjects, a relation.
    public var tintShare = 0.45
    public var groundShare = 0.25
    public var shapeShare = 0.12
    public var relationShare = 0.6
    /// The share of the cells of a kind with a colour, a number or a ground that never appear.
    public var heldOutShare = 0.1
    /// The chance that a drawn scene with this cell stays, by the cell's name, as in `Scene.Description.cells`.
    ///
    /// Named cells are exempt from `heldOutShare`. By default DPOK's training prompts are rare and its test prompts
    /// never appear.
    public var cellWeights: [String: Double] = [
        "green rabbit": 0.1, "four wolf": 0.3, "cat and dog": 0.3, "dog and cat": 0.3, "moon dog": 0.3,
        "green cat": 0, "four bird": 0, "moon lion": 0,
    ]
    public var noise = CaptionNoise()

    public init() {}

    /// Draws a scene.
    public func scene(using generator: inout some RandomNumberGenerator) -> Scene {
        // Only a distribution that forbids nearly everything needs all the tries; its last draw is taken as it is.
        for _ in 0..<256 {
            let description = draw(using: &generator)
            if description.cells.allSatisfy({ generator.chance(weight(of: $0)) }),
                Contrast.isVisible(description)
            {
                return Scene(description, seed: generator.next())
            }
        }
        return Scene(draw(using: &generator), seed: generator.next())
    }

    /// The chance that a scene with this cell stays.
    public func weight(of cell: String) -> Double {
        if let weight = cellWeights[cell] { return weight }
        // FNV-1a, a hash that stays the same from run to run, finished by one SplitMix64 round.
        let hash = cell.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var stream = RandomStream(seed: hash)
        return stream.chance(heldOutShare) ? 0 : 1
    }

    private func draw(using generator: inout some RandomNumberGenerator) -> Scene.Description {
        let form = Double(generator.unit())
        let ground = generator.chance(groundShare) ? generator.pick(Ground.allCases) : nil
        if form < singleShare + countedShare {
            let count = form < singleShare ? 1 : 2 + generator.below(Scene.Description.largestCount - 1)
            return Scene.Description([subject(count: count, using: &generator)], ground: ground)
        }
        let isRelated = generator.chance(relationShare)
        var counts = [1, 1]
        // Now and then two subjects come in numbers: "two cats and a dog".
        if !isRelated, generator.chance(0.25) { counts = [1 + generator.below(3), 1 + generator.below(2)] }
        let first = subject(count: counts[0], using: &generator)
        var second = subject(count: counts[1], using: &generator)
        while second.kind == first.kind { second = subject(count: counts[1], using: &generator) }
        let relation = isRelated ? generator.pick(Relation.allCases) : nil
        return Scene.Description([first, second], relation: relation, ground: ground)
    }

    private func subject(count: Int, using generator: inout some RandomNumberGenerator) -> Scene.Subject {
        let isShape = generator.chance(shapeShare)
        let kind = generator.pick(isShape ? Kind.shapes : Kind.animals)
        let tint = generator.chance(isShape ? 0.75 : tintShare) ? generator.pick(Tint.allCases) : nil
        return Scene.Subject(kind, tint: tint, count: count)
    }
}

extension Scene.Description {
    /// The names of the attribute pairs in this description: "green rabbit", "four wolf", "moon dog", "cat and dog".
    public var cells: [String] {
        var cells: [String] = []
        for subject in subjects {
            let kind = subject.kind.rawValue
            if let tint = subject.tint { cells.append("\(tint.rawValue) \(kind)") }
            if subject.count > 1 { cells.append("\(Scene.Subject.numbers[subject.count]) \(kind)") }
            if let ground { cells.append("\(ground.rawValue) \(kind)") }
        }
        if subjects.count == 2 { cells.append("\(subjects[0].kind.rawValue) and \(subjects[1].kind.rawValue)") }
        return cells
    }
}
