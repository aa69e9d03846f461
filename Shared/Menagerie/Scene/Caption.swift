/// The sentences that tell a description: at most 14 lower-case words, so that the two end tokens make 16.
public struct CaptionStyle: Codable, Hashable, Sendable, CaseIterable {
    public enum Opening: String, Codable, CaseIterable, Sendable { case none, photo, picture }

    public var opening: Opening
    /// "green colored rabbit" instead of "green rabbit".
    public var saysColored: Bool

    public init(opening: Opening = .none, saysColored: Bool = false) {
        self.opening = opening
        self.saysColored = saysColored
    }

    public static let allCases = Opening.allCases.flatMap { opening in
        [false, true].map { CaptionStyle(opening: opening, saysColored: $0) }
    }

    static func random(using generator: inout some RandomNumberGenerator) -> CaptionStyle {
        let opening: Opening = generator.chance(0.7) ? .none : generator.chance(0.5) ? .photo : .picture
        return CaptionStyle(opening: opening, saysColored: generator.chance(0.4))
    }
}

extension Scene.Subject {
    static let numbers = ["zero", "one", "two", "three", "four", "five"]

    func phrase(saysColored: Bool) -> String {
        var words: [String] = []
        if let tint { words.append(saysColored ? "\(tint.rawValue) colored" : tint.rawValue) }
        words.append(count == 1 ? kind.rawValue : kind.plural)
        let rest = words.joined(separator: " ")
        guard count == 1 else { return "\(Self.numbers[count]) \(rest)" }
        return rest.first.map { "aeiou".contains($0) } == true ? "an \(rest)" : "a \(rest)"
    }
}

extension Scene.Description {
    /// The sentence in the given style: "a photo of a green colored rabbit in the park".
    ///
    /// A sentence that would be too long goes without its opening.
    public func caption(_ style: CaptionStyle = CaptionStyle()) -> String {
        let phrases = subjects.map { $0.phrase(saysColored: style.saysColored) }
        var parts: [String] = []
        if style.opening != .none { parts.append("a \(style.opening.rawValue) of") }
        parts.append(phrases.joined(separator: " \(relation?.rawValue ?? "and") "))
        if let ground { parts.append(ground.phrase) }
        let sentence = parts.joined(separator: " ")
        guard style.opening != .none, sentence.split(separator: " ").count > Self.longestCaption else {
            return sentence
        }
        return caption(CaptionStyle(saysColored: style.saysColored))
    }

    /// The most words in a caption.
    static let longestCaption = 14
}

extension Menagerie {
    /// Every word that a caption can hold, in a fixed order.
    public static let vocabulary: [String] = {
        let function = ["a", "an", "and", "photo", "picture", "of", "colored", "in", "on", "at", "the"]
        let relations = Relation.allCases.flatMap { $0.rawValue.split(separator: " ").map(String.init) }
        let words =
            function + Scene.Subject.numbers.dropFirst() + Tint.allCases.map(\.rawValue)
            + Kind.allCases.flatMap { [$0.rawValue, $0.plural] } + relations + Ground.allCases.map(\.rawValue)
        var seen: Set<String> = []
        return words.filter { seen.insert($0).inserted }
    }()
}
