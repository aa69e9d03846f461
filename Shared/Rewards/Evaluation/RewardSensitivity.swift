import Foundation
import Imaging
import Menagerie

/// What of a scene a reward sees, measured on renders of the embedded world, whose records are known.
public struct RewardSensitivity: Codable, Hashable, Sendable {
    /// What a prompt can be wrong about.
    public enum Attribute: String, Codable, CaseIterable, Sendable {
        case kind, color, number, relation, ground

        /// Whether two descriptions that differ in one attribute differ in this one.
        fileprivate func differs(_ first: Scene.Description, _ second: Scene.Description) -> Bool {
            func column<Value: Equatable>(_ value: (Scene.Subject) -> Value) -> Bool {
                first.subjects.map(value) != second.subjects.map(value)
            }
            switch self {
            case .kind: return column(\.kind)
            case .color: return column(\.tint)
            case .number: return column(\.count)
            case .relation: return first.relation != second.relation
            case .ground: return first.ground != second.ground
            }
        }
    }

    /// Of each attribute, how often the true prompt scores above one that is wrong about it alone: 0.5 is blind to it, 1 is
    /// never wrong.
    public var prompts: [String: Double] = [:]
    /// How the mean score of the same things moves with the ground, in deviations between scenes.
    ///
    /// Counted from the mean over all grounds; the prompt is the true one everywhere.
    public var grounds: [String: Double] = [:]
    /// What noise of a deviation of 16 and 48 (of 255) does to the score, in deviations between scenes.
    public var noise: [String: Double] = [:]

    /// Measures a reward.
    ///
    /// - Parameters:
    ///   - model: the reward.
    ///   - count: scenes for each attribute and each ground.
    ///   - seed: of the scenes.
    /// - Throws: `RewardError` with the reason where the reward has no score for a render; what the model throws.
    public init(of model: any RewardModel, count: Int, seed: UInt64 = 0) throws {
        let meter = Meter(model: model, seed: seed)
        for attribute in Attribute.allCases { prompts[attribute.rawValue] = try meter.rightShare(attribute, count) }
        let scenes = meter.scenes(count)
        let base = try meter.scores(scenes.map { ($0, $0.description, 0) })
        let mean = base.reduce(0, +) / Double(base.count)
        let deviation = max(
            (base.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(base.count)).squareRoot(), 1e-12)
        func shift(_ scores: [Double], from mean: Double) -> Double {
            (scores.reduce(0, +) / Double(scores.count) - mean) / deviation
        }
        let columns = try (Ground.allCases.map(Optional.some) + [nil]).map { ground in
            let moved = scenes.map { scene in
                var scene = scene
                scene.description.ground = ground
                return (scene, scene.description, 0.0)
            }
            return (ground?.rawValue ?? "plain", try meter.scores(moved))
        }
        let overall = columns.reduce(0) { $0 + $1.1.reduce(0, +) } / Double(columns.count * count)
        for (name, scores) in columns { grounds[name] = shift(scores, from: overall) }
        for level in [16.0, 48.0] {
            noise["\(Int(level))"] = shift(try meter.scores(scenes.map { ($0, $0.description, level) }), from: mean)
        }
    }

    /// How far apart the best and the worst liked ground are, in deviations between scenes.
    public var groundRange: Double { (grounds.values.max() ?? 0) - (grounds.values.min() ?? 0) }
}

/// Draws scenes and has them scored.
private struct Meter {
    let model: any RewardModel
    let seed: UInt64
    private static let batch = 64

    func scenes(_ count: Int) -> [Scene] {
        (0..<count).map { Menagerie.captionedScene(seed: seed, index: $0).scene }
    }

    func rightShare(_ attribute: RewardSensitivity.Attribute, _ count: Int) throws -> Double {
        var questions: [(scene: Scene, wrong: Scene.Description)] = []
        var index = 0
        while questions.count < count {
            defer { index += 1 }
            let scene = Menagerie.captionedScene(seed: seed, index: index).scene
            let others = scene.description.contrasts.filter { attribute.differs($0, scene.description) }
            // Another one for each scene, the same in every run.
            if !others.isEmpty { questions.append((scene, others[index % others.count])) }
        }
        let right = try scores(questions.map { ($0.scene, $0.scene.description, 0) })
        let wrong = try scores(questions.map { ($0.scene, $0.wrong, 0) })
        let sum = zip(right, wrong).reduce(0.0) { $0 + ($1.0 > $1.1 ? 1 : $1.0 == $1.1 ? 0.5 : 0) }
        return sum / Double(count)
    }

    /// The scores of renders for what is claimed of them, with noise of a deviation, of 255, over them.
    func scores(_ entries: [(scene: Scene, claim: Scene.Description, noise: Double)]) throws -> [Double] {
        var values: [Double] = []
        for start in stride(from: 0, to: entries.count, by: Self.batch) {
            let part = entries[start..<min(start + Self.batch, entries.count)]
            let pictures = part.map { Self.noisy(Renderer.render($0.scene), $0.noise, seed: $0.scene.seed) }
            let prompts = part.map { $0.claim.caption() }
            for (prompt, score) in zip(prompts, try model.score(pictures, prompts: prompts)) {
                switch score {
                case .value(let value, _): values.append(value)
                case .unavailable(let reason), .invalid(let reason):
                    throw RewardError(
                        code: .badModel, message: "\(model.identity.id) has no score for \"\(prompt)\": \(reason)")
                }
            }
        }
        return values
    }

    private static func noisy(_ picture: Picture, _ deviation: Double, seed: UInt64) -> Picture {
        guard deviation > 0 else { return picture }
        var (picture, stream) = (picture, RandomStream(seed: seed))
        for index in picture.pixels.indices {
            // The sum of four uniform numbers: nearly normal, of deviation 1/√3.
            let sum = (0..<4).reduce(-2.0) { sum, _ in sum + Double(stream.next() >> 11) * 0x1p-53 }
            let value = Double(picture.pixels[index]) + deviation * sum * 3.0.squareRoot()
            picture.pixels[index] = UInt8(min(max(value, 0), 255).rounded())
        }
        return picture
    }
}
