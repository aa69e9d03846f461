public import Imaging
public import TensorCore

/// A reward made of others by a rule; their raw scores travel with its own.
///
/// Where a part has no score, there is none.
public struct CombinedReward: RewardModel {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { parts.allSatisfy(\.model.isDifferentiable) }
    private let rule: Combination
    private let parts: [(name: String, model: any RewardModel)]

    /// - Parameters:
    ///   - id: the complete specification.
    ///   - rule: how the parts become one number.
    ///   - named: what the rule and its settings are called in the version.
    ///   - parts: the models with the names of their scores; the rule's order.
    init(_ id: String, _ rule: Combination, named: String, _ parts: [(name: String, model: any RewardModel)]) {
        self.rule = rule
        var seen: [String: Int] = [:]
        self.parts = parts.map { name, model in
            seen[name, default: 0] += 1
            return (seen[name] == 1 ? name : "\(name)#\(seen[name] ?? 0)", model)
        }
        identity = RewardIdentity(id: id, rule: named, parts: parts.map(\.model.identity))
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        let columns = try parts.map { try $0.model.score(pictures, prompts: prompts) }
        return pictures.indices.map { index in combine(columns.map { $0[index] }).score }
    }

    public func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        let columns = try parts.map { try $0.model.score(pictures, candidates: candidates) }
        return candidates.enumerated().map { row, prompts in
            prompts.indices.map { index in combine(columns.map { $0[row][index] }).score }
        }
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        let tapes = try parts.map { try $0.model.tape(pixels, candidates: candidates) }
        let combined = candidates.enumerated().map { row, prompts in
            prompts.indices.map { index in combine(tapes.map { $0.scores[row][index] }) }
        }
        return ScoreTape(scores: combined.map { $0.map(\.score) }) { weights in
            var sum = Tensor(zeros: pixels.shape)
            for (part, tape) in tapes.enumerated() {
                let scaled = zip(combined, weights).map { row, weights in
                    zip(row, weights).map { $0.slopes.isEmpty ? 0 : $1 * $0.slopes[part] }
                }
                // A part that nothing hangs on is not computed backward.
                guard scaled.contains(where: { $0.contains { $0 != 0 } }) else { continue }
                sum.accumulate(tape.gradient(scaled))
            }
            return sum
        }
    }

    /// The score of the parts' scores, and the derivatives by them; none where there is no score.
    private func combine(_ scores: [Score]) -> (score: Score, slopes: [Double]) {
        var values: [Double] = []
        var detail: [String: Double] = [:]
        for ((name, _), score) in zip(parts, scores) {
            switch score {
            case .value(let value, let more):
                values.append(value)
                detail[name] = value
                for (key, part) in more {
                    // Whether a picture is right is so whatever else counts: as the first part that says so sees it.
                    if key == "success" { detail[key] = detail[key] ?? part } else { detail["\(name)/\(key)"] = part }
                }
            case .unavailable(let reason): return (.unavailable("\(name): \(reason)"), [])
            case .invalid(let reason): return (.invalid("\(name): \(reason)"), [])
            }
        }
        func refusal(_ reason: String) -> (Score, [Double]) {
            let named = zip(parts, values).map { "\($0.name) \($1)" }.joined(separator: ", ")
            return (.invalid("\(named) cannot be combined: \(reason)"), [])
        }
        guard let (value, slopes) = rule(values) else { return refusal(rule.demand) }
        guard value.isFinite else { return refusal("the result is \(value)") }
        return (.value(value, detail: detail), slopes)
    }
}
