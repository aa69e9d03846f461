import TensorCore

/// Which reward, with its settings: a word, or a tree of rewards made of others.
///
///     checker  checker:graded  checker:success  checker:kind|count|color|relation|ground
///     jpeg-compressibility[?quality=95]  jpeg-incompressibility[?quality=95]  png-compressibility  png-incompressibility
///     brightness  smoothness
///     clip-score?model=DIR  clip-t  pickscore  hps  align  aesthetic  imagereward  clip-i  dino  align-image
///
/// Trees are YAML (or JSON, which is YAML too):
///
///     sum: [{weight: 0.7, reward: checker}, {weight: 0.3, reward: {clamp: {reward: smoothness, min: -0.1}}}]
///     textnorm: {reward: clip-score?model=DIR, contrasts: grammar, scale: 10}
///     uwo: {rewards: [checker, brightness], lambda: 0.5}
///     without: {word: "[V]", reward: align?model=DIR}
public indirect enum RewardConfiguration: Hashable, Sendable {
    case checker(CheckerReward.Aspect)
    case fileSize(FileSizeReward.Format, favoursSmall: Bool)
    case pixels(PixelReward.Measure)
    case model(ModelRewardConfiguration)
    case combined(Combination, [Part])
    case textNorm(RewardConfiguration, contrasts: ContrastConfiguration, scale: Double)
    case without(word: String, RewardConfiguration)

    /// A part of a combined reward.
    public struct Part: Hashable, Sendable {
        /// What its score is called among those that travel with the total.
        public var name: String
        public var reward: RewardConfiguration

        public init(name: String, _ reward: RewardConfiguration) {
            (self.name, self.reward) = (name, reward)
        }
    }

    /// The words that a specification can begin with.
    public enum Name: String, CaseIterable, Sendable {
        case checker
        case jpegCompressibility = "jpeg-compressibility"
        case jpegIncompressibility = "jpeg-incompressibility"
        case pngCompressibility = "png-compressibility"
        case pngIncompressibility = "png-incompressibility"
        case brightness, smoothness
        case clipScore = "clip-score"
        case clipT = "clip-t"
        case pickScore = "pickscore"
        case hps, align, aesthetic
        case imageReward = "imagereward"
        case clipI = "clip-i"
        case dino
        case alignImage = "align-image"
    }

    /// Reads a specification: a word with its settings, a tree in YAML, or the name of a file with such a tree.
    ///
    /// - Throws: `RewardError` with a line that lists the choices.
    public init(_ text: String) throws(RewardError) {
        self = try SpecificationReader.read(text)
    }

    /// Reads one word with its settings.
    init(_ specification: consuming RewardSpecification) throws(RewardError) {
        var specification = specification
        guard let name = Name(rawValue: specification.name) else {
            let choices = Name.allCases.map(\.rawValue) + SpecificationReader.Operator.allCases.map(\.rawValue)
            throw RewardError(
                code: .unknownReward,
                message: "there is no reward \"\(specification.text)\"; there are: \(choices.joined(separator: ", "))")
        }
        if name == .checker {
            self = .checker(try specification.aspect(default: .graded))
            try specification.refuseRest(known: [])
            return
        }
        try specification.refuseAspect()
        switch name {
        case .checker: preconditionFailure("read above")
        case .jpegCompressibility, .jpegIncompressibility:
            let quality = try specification.take("quality", in: 1...100, default: 95)
            self = .fileSize(.jpeg(quality: quality), favoursSmall: name == .jpegCompressibility)
            try specification.refuseRest(known: ["quality"])
        case .pngCompressibility, .pngIncompressibility:
            self = .fileSize(.png, favoursSmall: name == .pngCompressibility)
            try specification.refuseRest(known: [])
        case .brightness, .smoothness:
            self = .pixels(name == .brightness ? .brightness : .smoothness)
            try specification.refuseRest(known: [])
        case .clipScore, .clipT, .pickScore, .hps, .align, .aesthetic, .imageReward, .clipI, .dino, .alignImage:
            self = .model(try ModelRewardConfiguration(name, &specification))
        }
    }

    /// Whether the reward says how it changes with the picture; found out without its files.
    public var isDifferentiable: Bool {
        switch self {
        case .checker, .fileSize: false
        case .pixels, .model: true
        case .combined(_, let parts): parts.allSatisfy(\.reward.isDifferentiable)
        case .textNorm(let base, _, _), .without(_, let base): base.isDifferentiable
        }
    }

    /// Makes the model; files are read.
    ///
    /// - Parameter library: holds models that several rewards share.
    /// - Returns: the model.
    /// - Throws: an error that names the file.
    public func makeModel(_ library: RewardLibrary = RewardLibrary()) throws -> any RewardModel {
        switch self {
        case .checker(let aspect): return CheckerReward(aspect)
        case .fileSize(let format, let favoursSmall): return FileSizeReward(format, favoursSmall: favoursSmall)
        case .pixels(let measure): return PixelReward(measure)
        case .model(let configuration): return try configuration.makeModel(library)
        case .combined(let rule, let parts):
            return CombinedReward(
                specification, rule, named: tree.ruleText,
                try parts.map { ($0.name, try $0.reward.makeModel(library)) })
        case .textNorm(let base, let contrasts, let scale):
            return TextNormReward(
                specification, try base.makeModel(library), try contrasts.makeSource(), scale: scale)
        case .without(let word, let base):
            return WithoutWordReward(specification, try base.makeModel(library), word: word)
        }
    }

    /// The canonical form, every setting spelt out: reading it gives this configuration.
    ///
    /// A word as it is; a tree as one line of JSON with its keys in order.
    public var specification: String { tree.text }
}

extension RewardConfiguration: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(specification)
    }
}
