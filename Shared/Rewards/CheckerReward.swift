public import Imaging
import Menagerie

/// How far a picture of Menagerie's world does what its prompt says, judged by Menagerie's checker.
public struct CheckerReward: RewardModel {
    /// Which part of the verdict is the reward.
    public enum Aspect: String, CaseIterable, Codable, Hashable, Sendable {
        /// The mean confidence over the claimed skills, 0...1: smooth.
        case graded
        /// 1 when every claim is right, else 0.
        case success
        /// The confidence in one skill, 0...1.
        case kind, count, color, relation, ground
    }

    public let aspect: Aspect
    public let identity: RewardIdentity

    public init(_ aspect: Aspect = .graded) {
        self.aspect = aspect
        identity = RewardIdentity(
            id: RewardConfiguration.checker(aspect).specification, revision: Verdict.revision)
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        return zip(pictures, prompts).map(score)
    }

    private func score(_ picture: Picture, _ prompt: String) -> Score {
        guard picture.width == Menagerie.side, picture.height == Menagerie.side else {
            let sides = "\(Menagerie.side)x\(Menagerie.side)"
            return .invalid("the checker judges pictures of \(sides), not \(picture.width)x\(picture.height)")
        }
        let claim: Scene.Description
        do throws(PromptError) {
            claim = try Scene.Description(parsing: prompt)
        } catch {
            return .invalid(error.description)
        }
        let verdict = Verdict(picture, claim: claim)
        var detail = ["graded": verdict.score, "success": verdict.success ? 1 : 0]
        for (skill, judgement) in verdict.skills {
            detail[skill.rawValue] = judgement.confidence
            detail["\(skill.rawValue)Right"] = judgement.isRight ? 1 : 0
        }
        guard let value = detail[aspect.rawValue] else {
            return .invalid("the prompt \"\(prompt)\" claims no \(aspect.rawValue)")
        }
        return .value(value, detail: detail)
    }
}
