/// Why a prompt says nothing about Menagerie's world.
public enum PromptError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A word outside `Menagerie.vocabulary`.
    case unknownWord(String, prompt: String)
    /// Known words that make no sentence of the grammar; the second string says what was expected where.
    case notASentence(prompt: String, expected: String)
    /// More than five things.
    case tooMany(prompt: String)

    public var description: String {
        switch self {
        case .unknownWord(let word, let prompt): "the prompt \"\(prompt)\" has a word Menagerie does not know: \(word)"
        case .notASentence(let prompt, let expected): "the prompt \"\(prompt)\" cannot be read: expected \(expected)"
        case .tooMany(let prompt):
            "the prompt \"\(prompt)\" names more than \(Scene.Description.largestCount) things"
        }
    }
}
