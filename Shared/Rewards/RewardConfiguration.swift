/// Which reward, with its settings; written as one string in configurations and on the command line.
///
///     checker  checker:graded  checker:success  checker:kind|count|color|relation|ground
///     jpeg-compressibility[?quality=95]  jpeg-incompressibility[?quality=95]
///     brightness  smoothness
public enum RewardConfiguration: Hashable, Sendable {
    case checker(CheckerReward.Aspect)
    case jpegCompressibility(quality: Int)
    case jpegIncompressibility(quality: Int)
    case pixels(PixelReward.Measure)

    /// The names that a specification can begin with.
    public enum Name: String, CaseIterable, Sendable {
        case checker
        case jpegCompressibility = "jpeg-compressibility"
        case jpegIncompressibility = "jpeg-incompressibility"
        case brightness, smoothness
    }

    /// Reads a specification.
    ///
    /// - Throws: `RewardError` with a line that lists the choices.
    public init(_ text: String) throws(RewardError) {
        var specification = try RewardSpecification(text)
        guard let name = Name(rawValue: specification.name) else {
            let choices = Name.allCases.map(\.rawValue).joined(separator: ", ")
            throw RewardError(code: .unknownReward, message: "there is no reward \"\(text)\"; there are: \(choices)")
        }
        switch name {
        case .checker:
            self = .checker(try specification.aspect(default: .graded))
            try specification.refuseRest(known: [])
        case .jpegCompressibility, .jpegIncompressibility:
            try specification.refuseAspect()
            let quality = try specification.take("quality", in: 1...100, default: 95)
            self =
                name == .jpegCompressibility
                ? .jpegCompressibility(quality: quality) : .jpegIncompressibility(quality: quality)
            try specification.refuseRest(known: ["quality"])
        case .brightness, .smoothness:
            try specification.refuseAspect()
            try specification.refuseRest(known: [])
            self = .pixels(name == .brightness ? .brightness : .smoothness)
        }
    }

    /// The specification with every setting spelt out: reading it gives this configuration.
    public var specification: String {
        switch self {
        case .checker(let aspect): "\(Name.checker.rawValue):\(aspect.rawValue)"
        case .jpegCompressibility(let quality): "\(Name.jpegCompressibility.rawValue)?quality=\(quality)"
        case .jpegIncompressibility(let quality): "\(Name.jpegIncompressibility.rawValue)?quality=\(quality)"
        case .pixels(let measure): measure.rawValue
        }
    }

    public func makeModel() -> any RewardModel {
        switch self {
        case .checker(let aspect): CheckerReward(aspect)
        case .jpegCompressibility(let quality): JPEGReward(quality: quality, favoursSmall: true)
        case .jpegIncompressibility(let quality): JPEGReward(quality: quality, favoursSmall: false)
        case .pixels(let measure): PixelReward(measure)
        }
    }
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
