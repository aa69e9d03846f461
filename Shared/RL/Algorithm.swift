/// A fine-tuning algorithm as a plug-in of the one loop: its settings, what it wants drawn, and how that becomes a loss.
///
/// The loop draws units, has them scored and hands them over; the rule says what is learned from them. An algorithm is a
/// file with a conforming structure, and a case of ``AlgorithmConfiguration``.
public protocol Algorithm: Codable, Hashable, Sendable {
    /// The names it goes by in `algorithm.name`; one structure may serve a family.
    associatedtype Name: RawRepresentable<String>, CaseIterable, Codable, Hashable, Sendable
    /// The sets of settings that it can start from: `algorithm.preset`.
    associatedtype Preset: RawRepresentable<String>, CaseIterable, Codable, Hashable, Sendable

    var name: Name { get }
    var preset: Preset { get }

    /// The settings of a preset; a file changes single ones of them.
    init(name: Name, preset: Preset)

    /// What the loop has to draw for it.
    var demands: AlgorithmDemands { get }

    /// How what was drawn becomes a loss, for latents of `latentElements` elements a sample.
    func rule(latentElements: Int) -> LearningRule

    /// Refuses settings that fit their type and make no sense.
    func validate() throws(AlgorithmError)
}

/// What an algorithm wants drawn.
public struct AlgorithmDemands: Hashable, Sendable {
    /// What the learner needs of a picture.
    public enum Payload: String, Hashable, Sendable {
        /// Every latent of the trajectory, and the log-probability of every step.
        case trajectory
        /// The latent that was decoded.
        case finalLatent
    }

    public var payload = Payload.trajectory
    /// Whether the steps need log-probabilities, and so noise: η above 0.
    public var needsNoise = false
    /// Pictures of the base model that are drawn once, before the first update, and learned from in every round; 0 is none.
    public var baseSamples = 0
    /// The checkpoint of another run whose pictures of the base model are learned from; empty is none.
    public var dataset = ""
    /// Whether the rewards must say how they change with the picture.
    public var needsRewardGradient = false
    /// The folder of a subject's reference pictures, which are learned from; empty is none.
    public var references = ""

    public init(payload: Payload = .trajectory, needsNoise: Bool = false, baseSamples: Int = 0) {
        (self.payload, self.needsNoise, self.baseSamples) = (payload, needsNoise, baseSamples)
    }
}

/// How an algorithm learns; one engine executes each kind.
public enum LearningRule: Sendable {
    /// By the log-probability of the steps of trajectories.
    case trajectories(TrajectoryRule)
    /// By denoising pictures that count differently.
    case denoising(DenoisingRule)
    /// By the reward's derivative by the picture.
    case rewardGradient(RewardGradientRule)
    /// By denoising reference pictures of a subject.
    case references(ReferenceRule)
}

/// A setting of an algorithm makes no sense.
public struct AlgorithmError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key below `algorithm`.
    public let key: String
    public let message: String

    public init(_ key: String, _ message: String) { (self.key, self.message) = (key, message) }

    public var description: String { "algorithm.\(key): \(message)" }

    /// Refuses a count below 1.
    static func requirePositive(_ value: Int, _ key: String) throws(AlgorithmError) {
        guard value > 0 else { throw AlgorithmError(key, "\(value) is not positive") }
    }

    /// Refuses a number that is not finite and above 0.
    static func requirePositive(_ value: Double?, _ key: String) throws(AlgorithmError) {
        guard let value else { return }
        guard value > 0, value.isFinite else { throw AlgorithmError(key, "\(value) is not positive") }
    }

    /// Refuses what no subject can be learned from.
    static func requireReferences(_ folder: String, _ prompt: String) throws(AlgorithmError) {
        guard !folder.isEmpty else {
            throw AlgorithmError(
                "references", "there are no reference pictures: name a folder with some of the subject")
        }
        guard !prompt.isEmpty else {
            throw AlgorithmError(
                "instancePrompt",
                "the subject has no name: say what the references show, for instance a photo of [V] dog")
        }
    }

    /// Refuses a number outside a range.
    static func require(_ value: Double, in range: ClosedRange<Double>, _ key: String) throws(AlgorithmError) {
        guard range.contains(value) else {
            throw AlgorithmError(key, "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
