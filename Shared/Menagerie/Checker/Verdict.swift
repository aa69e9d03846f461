import Foundation
import Imaging

/// What a picture owes to its prompt.
public enum Skill: String, CaseIterable, Codable, Hashable, Sendable {
    case kind, count, color, relation, ground
}

/// How far a picture does what a prompt says.
public struct Verdict: Hashable, Sendable {
    public struct Judgement: Hashable, Sendable {
        /// 0...1, smooth in the picture: a reward that can be climbed.
        public let confidence: Double
        public let isRight: Bool
    }

    /// Raised whenever the checker comes to judge otherwise.
    public static let revision = 1

    /// A judgement for each skill that the prompt asks for; kind and count always are.
    public let skills: [Skill: Judgement]

    /// Every claim is right.
    public var success: Bool { skills.values.allSatisfy(\.isRight) }

    /// The mean of the confidences, 0...1.
    public var score: Double {
        // Summed in a fixed order: the order of a dictionary changes from run to run.
        Skill.allCases.reduce(0) { $0 + (skills[$1]?.confidence ?? 0) } / Double(max(skills.count, 1))
    }
}

extension Verdict {
    /// Judges what was seen against what is claimed.
    public init(_ observation: Observation, claim: Scene.Description) {
        let things = observation.things
        let roles = Self.roles(of: things, in: claim)
        var skills: [Skill: Judgement] = [:]

        var (kindSum, kindsRight, colorSum, colorsRight): (Float, Bool, Float, Bool) = (0, true, 0, true)
        var countSum = 0.0
        var countsRight = true
        var tinted: Float = 0
        for (index, subject) in claim.subjects.enumerated() {
            let mine = zip(things, roles).filter { $0.1 == index }.map(\.0)
            // A missing thing has no kind and no colour; a surplus one spoils only the count, unless it is another kind.
            let expected = Float(max(mine.count, subject.count))
            kindSum += mine.reduce(0) { $0 + $1.share(subject.kind) } / expected
            kindsRight = kindsRight && !mine.isEmpty && mine.allSatisfy { $0.kind == subject.kind }
            if let tint = subject.tint {
                tinted += 1
                colorSum += mine.reduce(0) { $0 + $1.share(tint) } / expected
                colorsRight = colorsRight && !mine.isEmpty && mine.allSatisfy { $0.tint == tint }
            }
            countSum += exp(-Double(abs(mine.count - subject.count)))
            countsRight = countsRight && mine.count == subject.count
        }
        let subjects = Float(claim.subjects.count)
        skills[.kind] = Judgement(confidence: Double(kindSum / subjects), isRight: kindsRight)
        skills[.count] = Judgement(confidence: countSum / Double(subjects), isRight: countsRight)
        if tinted > 0 { skills[.color] = Judgement(confidence: Double(colorSum / tinted), isRight: colorsRight) }
        if let relation = claim.relation {
            skills[.relation] = Self.judge(relation, things: things, roles: roles)
        }
        if let ground = claim.ground {
            let share = observation.groundShares[Ground.allCases.firstIndex(of: ground) ?? 0]
            skills[.ground] = Judgement(confidence: Double(share), isRight: observation.ground == ground)
        }
        self.skills = skills
    }

    /// Looks at a picture and judges it.
    public init(_ picture: Picture, claim: Scene.Description) {
        self.init(Observation(picture), claim: claim)
    }

    /// For each thing the subject that it stands for: the split that fits best among those with the claimed numbers,
    /// or each thing for itself when the numbers are wrong.
    private static func roles(of things: [Observation.Thing], in claim: Scene.Description) -> [Int] {
        guard claim.subjects.count == 2 else { return things.map { _ in 0 } }
        let preferences = things.map { thing in
            let fits = claim.subjects.map { subject in
                thing.share(subject.kind) + (subject.tint.map { 0.5 * thing.share($0) } ?? 0)
            }
            return fits[1] - fits[0]
        }
        let total = claim.subjects[0].count + claim.subjects[1].count
        guard things.count == total else { return preferences.map { $0 > 0 ? 1 : 0 } }
        let order = preferences.indices.sorted { preferences[$0] < preferences[$1] }
        var roles = [Int](repeating: 1, count: things.count)
        for index in order.prefix(claim.subjects[0].count) { roles[index] = 0 }
        return roles
    }

    private static func judge(_ relation: Relation, things: [Observation.Thing], roles: [Int]) -> Judgement {
        guard let first = roles.firstIndex(of: 0), let second = roles.firstIndex(of: 1) else {
            return Judgement(confidence: 0, isRight: false)
        }
        let (dx, dy) = (things[second].x - things[first].x, things[second].y - things[first].y)
        let (along, across) =
            switch relation {
            case .leftOf: (dx, dy)
            case .rightOf: (-dx, dy)
            case .above: (dy, dx)
            case .below: (-dy, dx)
            }
        let margin = along - abs(across)
        return Judgement(confidence: Double(1 / (1 + exp(-margin / 5))), isRight: margin > 0)
    }
}

extension Float {
    static func exp(_ value: Float) -> Float { Foundation.exp(value) }
}
