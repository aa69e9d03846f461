import Encoders

/// How much memory the process of a reward will need, from the headers of its models' files.
public struct RewardMemory: Hashable, Sendable {
    /// Bytes at its peak.
    public let bytes: Int

    /// The program's code, libraries and queues.
    private static let program = 80 << 20
    /// Texts that go through a tower at once.
    private static let texts = 32

    /// The need of a reward with all its parts, which share the towers of one folder.
    ///
    /// - Parameters:
    ///   - reward: what the process serves.
    ///   - batch: pictures that are scored at once.
    ///   - isDifferentiated: whether derivatives are asked for too.
    /// - Throws: errors that name the file that is missing or makes no sense.
    public init(_ reward: RewardConfiguration, batch: Int = 16, isDifferentiated: Bool = false) throws {
        var bytes = Self.program
        var seen: Set<String> = []
        for model in reward.models {
            let folder = TransformersFolder(try EmbeddedRewards.locate(model.model))
            let place = "\(folder.url.path) \(model.precision)"
            if seen.insert("pictures of \(place)").inserted {
                let tower = try folder.pictureMemory(model.precision, keepsActivations: isDifferentiated)
                bytes += tower.weights + batch * tower.pass
            }
            if model.readsPrompts, seen.insert("texts of \(place)").inserted {
                // ImageReward's derivative comes back through the text tower.
                let keeps = isDifferentiated && model.name == .imageReward
                let tower = try folder.textMemory(model.precision, keepsActivations: keeps)
                bytes += tower.weights + Self.texts * tower.pass
            }
        }
        self.bytes = bytes
    }
}

extension RewardConfiguration {
    /// The models in the tree, as often as they stand there.
    var models: [ModelRewardConfiguration] {
        switch self {
        case .checker, .fileSize, .pixels: []
        case .model(let configuration): [configuration]
        case .combined(_, let parts): parts.flatMap(\.reward.models)
        case .textNorm(let base, _, _), .without(_, let base): base.models
        }
    }
}

extension ModelRewardConfiguration {
    /// Whether the prompt goes through a tower.
    var readsPrompts: Bool {
        switch name {
        case .aesthetic, .clipI, .dino, .alignImage: false
        default: true
        }
    }
}
