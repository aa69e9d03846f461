import Crypto
import Foundation
import Menagerie

/// Where TextNorm's contrasting prompts come from.
protocol ContrastSource: Sendable {
    /// What of the source can change a score.
    var version: String { get }

    /// The prompts that contrast with a prompt; none of them is the prompt itself.
    func contrasts(to prompt: String) throws(ContrastError) -> [String]
}

/// Why there are no contrasting prompts.
struct ContrastError: Error, CustomStringConvertible {
    let description: String
    /// Whether asking again may help.
    var isPassing = false
}

/// Menagerie's grammar: one attribute changed at a time.
struct GrammarContrasts: ContrastSource {
    let version = "grammar 1"

    func contrasts(to prompt: String) throws(ContrastError) -> [String] {
        do throws(PromptError) { return try Scene.Description.contrastivePrompts(for: prompt) } catch {
            throw ContrastError(description: error.description)
        }
    }
}

/// Prompts of Menagerie that have nothing to do with the prompt: the ablation that tells contrast from softmax.
struct RandomContrasts: ContrastSource {
    let count: Int
    let seed: Int
    var version: String { "random 1 count=\(count) seed=\(seed)" }

    func contrasts(to prompt: String) throws(ContrastError) -> [String] {
        // The same for a prompt whenever it is asked about.
        let digest = SHA256.hash(data: Data("\(seed)\n\(prompt)".utf8))
        let start = digest.prefix(6).reduce(0) { $0 << 8 | Int($1) }
        var prompts: [String] = []
        var index = start
        while prompts.count < count {
            let caption = Menagerie.captionedScene(seed: UInt64(seed), index: index).caption
            if caption != prompt, !prompts.contains(caption) { prompts.append(caption) }
            index += 1
        }
        return prompts
    }
}

/// A file of TIA²: prompt → list of contrasting prompts.
struct FileContrasts: ContrastSource {
    private let sets: [String: [String]]
    private let path: String
    let version: String

    init(_ path: String) throws(RewardError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RewardError(code: .badModel, message: "\(path): it cannot be read; contrasts are a JSON file there")
        }
        guard let sets = try? JSONDecoder().decode([String: [String]].self, from: data) else {
            throw RewardError(
                code: .badModel,
                message: "\(path): it is not a JSON object of prompts with lists of contrasting prompts")
        }
        (self.sets, self.path) = (sets, path)
        version = SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
    }

    func contrasts(to prompt: String) throws(ContrastError) -> [String] {
        guard let set = sets[prompt] else {
            throw ContrastError(description: "\(path) has no contrasts for \"\(prompt)\"")
        }
        return set
    }
}
