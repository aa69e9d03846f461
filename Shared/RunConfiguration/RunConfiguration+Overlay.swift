import RL
import Rewards
import Yams

extension RunConfiguration {
    /// Reads a configuration: the text over the defaults, then the overrides over both.
    ///
    /// - Parameters:
    ///   - yaml: a YAML mapping; may be empty.
    ///   - overrides: `path=value` each, for example `sampling.steps=10` or `rewards.0.spec=checker`.
    /// - Throws: `ConfigurationError` that names the key: unknown, of the wrong type, or senseless.
    public init(yaml: String, overrides: [String] = []) throws(ConfigurationError) {
        let read: Node?
        do {
            read = try Yams.compose(yaml: yaml)
        } catch {
            throw ConfigurationError(path: "", "not YAML: \(Self.line(error))")
        }
        // An algorithm has keys of its own, so it has to be known before anything is laid over it.
        var defaults = RunConfiguration()
        defaults.algorithm = try Self.algorithm(read?["algorithm"], overrides)
        var tree: Node
        let reward: Node
        do {
            tree = try Self.tree(of: defaults)
            reward = try Self.tree(of: RewardAssignment())
        } catch {
            preconditionFailure("the defaults cannot be encoded: \(error)")
        }
        if let read, read.null == nil {
            try overlay(read, over: &tree, path: "", templates: ["rewards": reward])
        }
        for override in overrides {
            try apply(override, to: &tree, templates: ["rewards": reward])
        }
        try Choice.check(tree)
        do {
            self = try YAMLDecoder().decode(RunConfiguration.self, from: tree)
        } catch let error as DecodingError {
            throw ConfigurationError(error)
        } catch {
            throw ConfigurationError(path: "", Self.line(error))
        }
        try validate()
    }

    /// The configuration as YAML that reads back to the same values.
    public func yaml() -> String {
        do {
            return try Yams.serialize(node: try Self.tree(of: self))
        } catch {
            preconditionFailure("a configuration cannot be encoded: \(error)")
        }
    }

    /// The algorithm that a file and its overrides name, with the settings of the preset that they name.
    private static func algorithm(
        _ read: Node?, _ overrides: [String]
    ) throws(ConfigurationError) -> AlgorithmConfiguration {
        func named(_ key: String) -> String? {
            let prefix = "algorithm.\(key)="
            return overrides.last { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
                ?? read?.mapping?[Node(key)]?.string
        }
        do {
            return try AlgorithmConfiguration(
                name: named("name") ?? AlgorithmConfiguration().name, preset: named("preset"))
        } catch {
            throw ConfigurationError(path: "algorithm.\(error.key)", error.message)
        }
    }

    private static func tree(of value: some Encodable) throws -> Node {
        guard let node = try Yams.compose(yaml: try YAMLEncoder().encode(value)) else {
            preconditionFailure("a configuration without a key")
        }
        return plain(node)
    }

    /// With numbers as people write them: Yams writes 4 as 4e+0.
    private static func plain(_ node: Node) -> Node {
        switch node {
        case .scalar(let scalar):
            guard node.tag == Tag(.float), let value = node.float, value.isFinite else { return node }
            let text = value.magnitude < 1e15 && value == value.rounded() ? "\(Int(value))" : "\(value)"
            return .scalar(Node.Scalar(text, Tag(.float), scalar.style))
        case .sequence(let sequence): return .sequence(Node.Sequence(sequence.map(plain), sequence.tag, sequence.style))
        case .mapping(let mapping):
            return .mapping(Node.Mapping(mapping.map { ($0.key, plain($0.value)) }, mapping.tag, mapping.style))
        case .alias: return node
        }
    }

    private static func line(_ error: any Error) -> String {
        "\(error)".split(separator: "\n").map(String.init).joined(separator: " ")
    }
}

/// Lays a tree that was read over the tree of the defaults.
///
/// `templates` holds, for keys that hold a list of structures, the defaults of one element.
private func overlay(_ read: Node, over tree: inout Node, path: String, templates: [String: Node])
    throws(ConfigurationError)
{
    // A key that may hold nothing takes whatever its type can read.
    if read.null != nil || tree.null != nil {
        tree = read
        return
    }
    switch (read, tree) {
    case (.mapping(let entries), .mapping(var defaults)):
        for (keyNode, value) in entries {
            guard let key = keyNode.string else { throw ConfigurationError(path: path, "a key that is no text") }
            let here = path.isEmpty ? key : "\(path).\(key)"
            guard var known = defaults[Node(key)] else {
                throw unknownKey(here, key, among: defaults.keys.compactMap(\.string))
            }
            if let template = templates[here] {
                known = try list(value, of: template, path: here)
            } else {
                try overlay(value, over: &known, path: here, templates: templates)
            }
            defaults[Node(key)] = known
        }
        tree = .mapping(defaults)
    case (_, .mapping):
        throw ConfigurationError(path: path, "a group of keys is needed here")
    case (.mapping, .scalar) where isReward(path):
        // A reward made of others is a tree of its own, which passes as its text.
        tree = Node(try text(of: read, path: path))
    case (.mapping, _):
        throw ConfigurationError(path: path, "this key holds a value, not a group of keys")
    case (.scalar, .sequence):
        throw ConfigurationError(path: path, "a list is needed here")
    default:
        tree = read
    }
}

/// Whether a key holds a reward: `rewards.N.spec`, or `spec` of an element of `rewards`.
private func isReward(_ path: String) -> Bool { path.hasPrefix("rewards.") && path.hasSuffix(".spec") }

/// A tree as one line of JSON, which is YAML too.
private func text(of node: Node, path: String) throws(ConfigurationError) -> String {
    do {
        return try RewardConfiguration(Yams.serialize(node: node)).specification
    } catch {
        throw ConfigurationError(path: path, "\(error)".split(separator: "\n").joined(separator: " "))
    }
}

private func list(_ read: Node, of template: Node, path: String) throws(ConfigurationError) -> Node {
    guard case .sequence(let elements) = read else { throw ConfigurationError(path: path, "a list is needed here") }
    var result: [Node] = []
    for (index, element) in elements.enumerated() {
        var tree = template
        try overlay(element, over: &tree, path: "\(path).\(index)", templates: [:])
        result.append(tree)
    }
    return Node(result)
}

/// Applies one `path=value`.
private func apply(_ override: String, to tree: inout Node, templates: [String: Node]) throws(ConfigurationError) {
    guard let equals = override.firstIndex(of: "="), equals > override.startIndex else {
        throw ConfigurationError(path: override, "an override reads key=value")
    }
    let path = override[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let text = String(override[override.index(after: equals)...])
    let value: Node
    do {
        value = try Yams.compose(yaml: text) ?? Node("")
    } catch {
        value = Node(text)
    }
    try replace(path[...], in: &tree, by: value, walked: "", templates: templates)
}

private func replace(
    _ path: ArraySlice<String>, in tree: inout Node, by value: Node, walked: String, templates: [String: Node]
) throws(ConfigurationError) {
    guard let key = path.first else {
        if let template = templates[walked] {
            tree = try list(value, of: template, path: walked)
        } else {
            try overlay(value, over: &tree, path: walked, templates: templates)
        }
        return
    }
    let here = walked.isEmpty ? key : "\(walked).\(key)"
    switch tree {
    case .mapping(var mapping):
        guard var child = mapping[Node(key)] else {
            throw unknownKey(here, key, among: mapping.keys.compactMap(\.string))
        }
        try replace(path.dropFirst(), in: &child, by: value, walked: here, templates: templates)
        mapping[Node(key)] = child
        tree = .mapping(mapping)
    case .sequence(var elements):
        guard let index = Int(key), elements.indices.contains(index) else {
            throw ConfigurationError(path: here, "the list has \(elements.count) entries, numbered from 0")
        }
        try replace(path.dropFirst(), in: &elements[index], by: value, walked: here, templates: templates)
        tree = .sequence(elements)
    default:
        throw ConfigurationError(path: here, "'\(walked)' holds a value, not a group of keys")
    }
}

private func unknownKey(_ path: String, _ key: String, among known: [String]) -> ConfigurationError {
    let owners = path == "algorithm.\(key)" ? algorithms(with: key) : []
    if !owners.isEmpty {
        return ConfigurationError(
            path: path,
            "this algorithm has no such key; it belongs to \(owners.joined(separator: ", ")): leave it out, or set "
                + "algorithm.name")
    }
    let nearest = known.min { editDistance(key, $0) < editDistance(key, $1) }
    let hint: String
    if let nearest, editDistance(key, nearest) <= max(2, key.count / 3) {
        hint = "did you mean '\(nearest)'?"
    } else {
        hint = "known here: \(known.sorted().joined(separator: ", "))"
    }
    return ConfigurationError(path: path, "unknown key; \(hint)")
}

/// The names of the algorithms that have a setting.
private func algorithms(with key: String) -> [String] {
    AlgorithmConfiguration.names.filter { name in
        guard let made = try? AlgorithmConfiguration(name: name), let text = try? YAMLEncoder().encode(made),
            let tree = try? Yams.compose(yaml: text)
        else { return false }
        return tree.mapping?[Node(key)] != nil
    }
}
