import Foundation
import Yams

/// Reads specifications: words, trees in YAML, and files of them; refuses what is made of itself.
struct SpecificationReader {
    /// The rules that a tree can begin with.
    enum Operator: String, CaseIterable {
        case sum, harmonic, clamp, affine, zscore, mean, lcb, uwo, min, textnorm, without
    }

    /// Rewards that `define` names.
    private var definitions: [String: Node] = [:]
    /// The names and files that are being read, the outermost first.
    private var open: [String] = []

    static func read(_ text: String) throws(RewardError) -> RewardConfiguration {
        let reader = SpecificationReader()
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.hasPrefix("{") || trimmed.contains("\n") || trimmed.contains(": ") else {
            return try reader.word(trimmed)
        }
        return try reader.read(try reader.compose(trimmed, from: "the specification"))
    }

    private func compose(_ text: String, from source: String) throws(RewardError) -> Node {
        do {
            guard let node = try Yams.compose(yaml: text) else { throw refusal("\(source) is empty") }
            return node
        } catch let error as RewardError {
            throw error
        } catch {
            throw refusal("\(source) is not YAML: \("\(error)".split(separator: "\n").joined(separator: " "))")
        }
    }

    private func refusal(_ message: String, _ code: RewardError.Code = .badValue) -> RewardError {
        RewardError(code: code, message: message)
    }

    /// The reader of what `name` stands for.
    private func entering(_ name: String) throws(RewardError) -> SpecificationReader {
        guard !open.contains(name) else {
            let path = (open.drop { $0 != name } + [name]).joined(separator: " → ")
            throw refusal("the reward \"\(name)\" is made of itself: \(path)", .cycle)
        }
        var inner = self
        inner.open.append(name)
        return inner
    }

    private func word(_ text: String) throws(RewardError) -> RewardConfiguration {
        if let definition = definitions[text] { return try entering(text).read(definition) }
        if text.hasSuffix(".yaml") || text.hasSuffix(".yml") || text.hasSuffix(".json") {
            guard let content = try? String(contentsOfFile: text, encoding: .utf8) else {
                throw refusal("\(text): there is no such file of a reward")
            }
            var inner = try entering(text)
            // A file's names are its own.
            inner.definitions = [:]
            return try inner.read(try inner.compose(content, from: text))
        }
        return try RewardConfiguration(try RewardSpecification(text))
    }

    private func read(_ node: Node) throws(RewardError) -> RewardConfiguration {
        if let text = node.string { return try word(text) }
        guard case .mapping(let entries) = node else {
            throw refusal("a list stands where a reward is expected: a word, or a group that begins with its rule")
        }
        if entries[Node("define")] != nil { return try defined(node) }
        guard entries.count == 1, let (key, value) = entries.first.map({ ($0.key.string ?? "", $0.value) }) else {
            let keys = entries.keys.compactMap(\.string).joined(separator: ", ")
            throw refusal("a reward is one rule with its settings; here are: \(keys)", .unknownReward)
        }
        if let rule = Operator(rawValue: key) { return try combined(rule, value) }
        // A word with its settings as a group: {clip-score: {model: DIR}}.
        let hasSettings = RewardConfiguration.Name(rawValue: key) != nil
        return try RewardConfiguration(
            RewardSpecification(name: key, settings: !hasSettings ? [:] : Settings(key, value, reading: self).scalars())
        )
    }

    /// `{define: {NAME: …}, reward: …}`.
    private func defined(_ node: Node) throws(RewardError) -> RewardConfiguration {
        let settings = try Settings("define", node, reading: self)
        try settings.refuse(except: ["define", "reward"])
        guard case .mapping(let named)? = node["define"] else {
            throw refusal("define is not a group of named rewards")
        }
        var inner = self
        for (name, definition) in named { inner.definitions[name.string ?? ""] = definition }
        guard let reward = node["reward"] else { throw refusal("beside define there is no reward") }
        let result = try inner.read(reward)
        // A definition that nothing uses must make sense too.
        for (name, _) in named { _ = try inner.word(name.string ?? "") }
        return result
    }

    private func combined(_ rule: Operator, _ node: Node) throws(RewardError) -> RewardConfiguration {
        if rule == .sum { return try sum(node) }
        let settings = try Settings(rule.rawValue, node, reading: self)
        func one(_ combination: Combination) throws(RewardError) -> RewardConfiguration {
            .combined(combination, [try part(try settings.node("reward"), of: rule)])
        }
        switch rule {
        case .sum: preconditionFailure("read above")
        case .harmonic:
            try settings.refuse(except: ["lambda", "first", "second"])
            let lambda = try settings.number("lambda", in: 0...1)
            let parts = [
                try part(try settings.node("first"), of: rule), try part(try settings.node("second"), of: rule),
            ]
            return .combined(.harmonic(lambda: lambda), parts)
        case .clamp:
            try settings.refuse(except: ["reward", "min", "max"])
            let (least, most) = (try settings.optionalNumber("min"), try settings.optionalNumber("max"))
            guard least != nil || most != nil, (least ?? -.infinity) <= (most ?? .infinity) else {
                throw refusal("clamp needs min, max or both, and min is not above max")
            }
            return try one(.clamp(least: least, most: most))
        case .affine:
            try settings.refuse(except: ["reward", "scale", "offset"])
            return try one(
                .affine(
                    scale: try settings.optionalNumber("scale") ?? 1, offset: try settings.optionalNumber("offset") ?? 0
                ))
        case .zscore:
            try settings.refuse(except: ["reward", "mean", "deviation", "calibration"])
            return try one(try settings.zscore())
        case .mean, .min:
            try settings.refuse(except: ["rewards"])
            return .combined(rule == .mean ? .mean : .minimum, try parts(settings, of: rule))
        case .lcb:
            try settings.refuse(except: ["rewards", "factor"])
            return .combined(
                .lowerBound(factor: try settings.notNegative("factor", default: 1)), try parts(settings, of: rule))
        case .uwo:
            try settings.refuse(except: ["rewards", "lambda"])
            return .combined(
                .uncertaintyWeighted(lambda: try settings.notNegative("lambda", default: 1)),
                try parts(settings, of: rule))
        case .textnorm:
            try settings.refuse(except: ["reward", "contrasts", "scale"])
            let scale = try settings.optionalNumber("scale") ?? 1
            guard scale > 0 else { throw refusal("textnorm: scale is \(scale); it must be above 0") }
            return .textNorm(
                try read(try settings.node("reward")),
                contrasts: try contrasts(settings), scale: scale)
        case .without: return try without(settings)
        }
    }

    private func without(_ settings: Settings) throws(RewardError) -> RewardConfiguration {
        try settings.refuse(except: ["reward", "word"])
        let word = try settings.optionalText("word") ?? ""
        guard !word.isEmpty, !word.contains(where: \.isWhitespace) else {
            throw refusal("without needs the word that prompts lose, such as word: \"[V]\"")
        }
        return .without(word: word, try read(try settings.node("reward")))
    }

    /// A word with its settings, or `{WORD: settings}`.
    private func contrasts(_ settings: Settings) throws(RewardError) -> ContrastConfiguration {
        guard let node = settings.optionalNode("contrasts") else { return .grammar }
        if case .mapping(let entries) = node, entries.count == 1, let (key, value) = entries.first {
            let name = key.string ?? ""
            return try ContrastConfiguration(
                RewardSpecification(name: name, settings: Settings(name, value, reading: self).scalars()))
        }
        return try ContrastConfiguration(try RewardSpecification(try settings.optionalText("contrasts") ?? "grammar"))
    }

    private func sum(_ node: Node) throws(RewardError) -> RewardConfiguration {
        guard case .sequence(let terms) = node, !terms.isEmpty else {
            throw refusal("sum needs a list of rewards, each a reward or {weight, reward}")
        }
        var weights: [Double] = []
        var parts: [RewardConfiguration.Part] = []
        for term in terms {
            let isWeighted = term["reward"] != nil && term["define"] == nil
            weights.append(isWeighted ? try Settings("sum", term, reading: self).optionalNumber("weight") ?? 1 : 1)
            parts.append(try part(term, of: .sum))
        }
        return .combined(.sum(weights), parts)
    }

    /// Several rewards under `rewards`, or the list itself.
    private func parts(_ settings: Settings, of rule: Operator) throws(RewardError) -> [RewardConfiguration.Part] {
        guard case .sequence(let elements) = try settings.node("rewards"), !elements.isEmpty else {
            throw refusal("\(settings.rule) needs a list of rewards")
        }
        var parts: [RewardConfiguration.Part] = []
        for element in elements { parts.append(try part(element, of: rule)) }
        return parts
    }

    /// A reward, or `{name, reward}`; in a sum, `{name, weight, reward}`.
    private func part(_ node: Node, of rule: Operator) throws(RewardError) -> RewardConfiguration.Part {
        if let reward = node["reward"], node["define"] == nil {
            let settings = try Settings("a part of \(rule.rawValue)", node, reading: self)
            guard rule == .sum || settings.optionalNode("weight") == nil else {
                throw refusal(
                    "\(rule.rawValue) does not weigh its parts: leave weight out, or make a sum of them",
                    .unknownSetting)
            }
            try settings.refuse(except: rule == .sum ? ["name", "weight", "reward"] : ["name", "reward"])
            let configuration = try read(reward)
            return .init(name: try settings.optionalText("name") ?? configuration.shortName, configuration)
        }
        let configuration = try read(node)
        return .init(name: configuration.shortName, configuration)
    }
}

extension RewardConfiguration {
    /// What a part is called that has no name of its own.
    fileprivate var shortName: String {
        switch tree {
        case .group(let entries): entries.keys.first ?? "reward"
        default: String(specification.prefix { $0 != "?" })
        }
    }
}
