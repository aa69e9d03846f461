extension Scene.Description {
    /// What a prompt claims: the inverse of `caption(_:)`.
    ///
    /// Capital letters and a full stop at the end are allowed, and so are "colored" after any colour and "to the left
    /// of" for "left of".
    public init(parsing prompt: String) throws(PromptError) {
        var parser = try PromptParser(prompt)
        self = try parser.description()
    }
}

/// A recursive descent over the words of a prompt.
///
///     sentence = ["a" ("photo" | "picture") "of"] things [("and" | relation) things] [place]
///     things   = ("a" | "an" | number) [colour ["colored"]] kind
///     place    = ("on" | "in") "the" ground | "at night"
private struct PromptParser {
    let prompt: String
    private var words: ArraySlice<Substring>

    init(_ prompt: String) throws(PromptError) {
        self.prompt = prompt
        let text = prompt.lowercased()
        words = text.split { $0 == " " || $0 == "." || $0 == "," || $0.isNewline }[...]
        for word in words where !Self.known.contains(word) {
            throw .unknownWord(String(word), prompt: prompt)
        }
    }

    private static let known = Set(Menagerie.vocabulary.map { Substring($0) } + ["to"])
    private static let numbers: [Substring: Int] = {
        let words = Scene.Subject.numbers.enumerated().dropFirst().map { (Substring($1), $0) }
        return Dictionary(uniqueKeysWithValues: words + [("a", 1), ("an", 1)])
    }()
    private static let kinds: [Substring: Kind] = Dictionary(
        Kind.allCases.flatMap { [(Substring($0.rawValue), $0), (Substring($0.plural), $0)] }, uniquingKeysWith: { $1 })

    mutating func description() throws(PromptError) -> Scene.Description {
        if words.count > 3, words.first == "a", words.dropFirst(2).first == "of",
            ["photo", "picture"].contains(words.dropFirst().first)
        {
            words.removeFirst(3)
        }
        var subjects = [try things()]
        var relation: Relation?
        if take("and") {
            subjects.append(try things())
        } else if let found = try takeRelation() {
            relation = found
            subjects.append(try things())
        }
        let ground = try takeGround()
        if let word = words.first { throw expected("the end instead of \"\(word)\"") }
        guard subjects.reduce(0, { $0 + $1.count }) <= Scene.Description.largestCount else {
            throw .tooMany(prompt: prompt)
        }
        if relation != nil, subjects.contains(where: { $0.count > 1 }) {
            throw expected("one thing on each side of \"\(relation?.rawValue ?? "")\"")
        }
        return Scene.Description(subjects, relation: relation, ground: ground)
    }

    private mutating func things() throws(PromptError) -> Scene.Subject {
        guard let count = words.first.flatMap({ Self.numbers[$0] }) else { throw expected("a, an or a number") }
        words.removeFirst()
        let tint = words.first.flatMap { Tint(rawValue: String($0)) }
        if tint != nil {
            words.removeFirst()
            _ = take("colored")
        }
        guard let kind = words.first.flatMap({ Self.kinds[$0] }) else { throw expected("an animal or a shape") }
        words.removeFirst()
        return Scene.Subject(kind, tint: tint, count: count)
    }

    private mutating func takeRelation() throws(PromptError) -> Relation? {
        if take("to"), !take("the") { throw expected("the after to") }
        for relation in Relation.allCases {
            let phrase = relation.rawValue.split(separator: " ")
            guard words.starts(with: phrase) else { continue }
            words.removeFirst(phrase.count)
            return relation
        }
        return nil
    }

    private mutating func takeGround() throws(PromptError) -> Ground? {
        guard let word = words.first, ["on", "in", "at"].contains(word) else { return nil }
        words.removeFirst()
        _ = take("the")
        guard let ground = words.first.flatMap({ Ground(rawValue: String($0)) }) else { throw expected("a place") }
        words.removeFirst()
        return ground
    }

    private mutating func take(_ word: Substring) -> Bool {
        guard words.first == word else { return false }
        words.removeFirst()
        return true
    }

    private func expected(_ what: String) -> PromptError {
        .notASentence(prompt: prompt, expected: what)
    }
}
