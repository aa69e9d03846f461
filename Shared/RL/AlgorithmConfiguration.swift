/// Which algorithm updates the policy, with its own settings.
///
/// In a file a mapping: `name` says which, `preset` what its settings start from, and the other keys are the algorithm's.
/// A new algorithm is a structure that conforms to ``Algorithm``, and a case here.
public enum AlgorithmConfiguration: Hashable, Sendable {
    case ddpo(DDPO)
    case dpok(DPOK)
    case rewardWeightedRegression(RewardWeightedRegression)
    case supervised(SupervisedFineTuning)
    case alignProp(AlignProp)
    case rpo(RPO)
    case dreamBooth(DreamBooth)

    /// DDPO-IS, as it suits the embedded model.
    public init() { self = .ddpo(DDPO(name: .importanceSampling)) }

    /// An algorithm with the settings of a preset.
    ///
    /// - Throws: ``AlgorithmError`` that lists the choices.
    public init(name: String, preset: String? = nil) throws(AlgorithmError) {
        self =
            if let made = try DDPO(name, preset) {
                .ddpo(made)
            } else if let made = try DPOK(name, preset) {
                .dpok(made)
            } else if let made = try RewardWeightedRegression(name, preset) {
                .rewardWeightedRegression(made)
            } else if let made = try SupervisedFineTuning(name, preset) {
                .supervised(made)
            } else if let made = try AlignProp(name, preset) {
                .alignProp(made)
            } else if let made = try RPO(name, preset) {
                .rpo(made)
            } else if let made = try DreamBooth(name, preset) {
                .dreamBooth(made)
            } else {
                throw AlgorithmError(
                    "name", "there is no algorithm '\(name)'; there are: \(Self.names.joined(separator: ", "))")
            }
    }

    /// Every name that there is.
    public static var names: [String] {
        DDPO.names + DPOK.names + RewardWeightedRegression.names + SupervisedFineTuning.names + AlignProp.names
            + RPO.names + DreamBooth.names
    }

    /// The settings as what all algorithms have in common.
    public var algorithm: any Algorithm {
        switch self {
        case .ddpo(let settings): settings
        case .dpok(let settings): settings
        case .rewardWeightedRegression(let settings): settings
        case .supervised(let settings): settings
        case .alignProp(let settings): settings
        case .rpo(let settings): settings
        case .dreamBooth(let settings): settings
        }
    }

    public var name: String { algorithm.nameInFiles }
    public var demands: AlgorithmDemands { algorithm.demands }
}

extension AlgorithmConfiguration: Codable {
    private enum Keys: CodingKey { case name }

    public init(from decoder: any Decoder) throws {
        let name = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .name)
        self =
            switch try Self(name: name) {
            case .ddpo: .ddpo(try DDPO(from: decoder))
            case .dpok: .dpok(try DPOK(from: decoder))
            case .rewardWeightedRegression:
                .rewardWeightedRegression(try RewardWeightedRegression(from: decoder))
            case .supervised: .supervised(try SupervisedFineTuning(from: decoder))
            case .alignProp: .alignProp(try AlignProp(from: decoder))
            case .rpo: .rpo(try RPO(from: decoder))
            case .dreamBooth: .dreamBooth(try DreamBooth(from: decoder))
            }
    }

    public func encode(to encoder: any Encoder) throws { try algorithm.encode(to: encoder) }
}

extension Algorithm {
    static var names: [String] { Name.allCases.map(\.rawValue) }

    var nameInFiles: String { name.rawValue }

    /// The settings of a preset, or nothing if this is not the algorithm of that name.
    init?(_ name: String, _ preset: String?) throws(AlgorithmError) {
        guard let name = Name(rawValue: name) else { return nil }
        guard let preset else {
            guard let first = Preset.allCases.first else { return nil }
            self.init(name: name, preset: first)
            return
        }
        guard let known = Preset(rawValue: preset) else {
            let choices = Preset.allCases.map(\.rawValue).joined(separator: ", ")
            throw AlgorithmError("preset", "\(name.rawValue) has no preset '\(preset)'; it has: \(choices)")
        }
        self.init(name: name, preset: known)
    }
}
