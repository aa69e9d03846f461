import Foundation

/// A specification as a tree, to be written in one way only.
indirect enum SpecificationTree: Encodable {
    case word(String)
    case number(Double)
    case list([SpecificationTree])
    case group([String: SpecificationTree])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .word(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .list(let elements): try container.encode(elements)
        case .group(let entries): try container.encode(entries)
        }
    }

    /// A word as it is, anything else as one line of JSON with sorted keys.
    var text: String {
        if case .word(let text) = self { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            preconditionFailure("a specification with what is no number")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// The text without the rewards in it, which have versions of their own.
    var ruleText: String { withoutRewards.text }

    private var withoutRewards: SpecificationTree {
        switch self {
        case .word, .number: self
        case .list(let elements): .list(elements.map(\.withoutRewards))
        case .group(let entries):
            .group(
                Dictionary(
                    uniqueKeysWithValues: entries.map { key, value in
                        switch key {
                        case "reward", "first", "second": (key, SpecificationTree.word("reward"))
                        case "rewards":
                            if case .list(let elements) = value {
                                (key, SpecificationTree.list(elements.map(\.nameAlone)))
                            } else {
                                (key, value)
                            }
                        default: (key, value.withoutRewards)
                        }
                    }))
        }
    }

    /// Of an element of `rewards`, which is a reward or `{name, reward}`, all but the reward.
    private var nameAlone: SpecificationTree {
        if case .group(let entries) = self, entries["reward"] != nil { return withoutRewards }
        return .word("reward")
    }
}

extension RewardConfiguration {
    /// The canonical tree.
    var tree: SpecificationTree {
        switch self {
        case .checker(let aspect): return .word("\(Name.checker.rawValue):\(aspect.rawValue)")
        case .fileSize(.jpeg(let quality), let favoursSmall):
            return .word(
                "\((favoursSmall ? Name.jpegCompressibility : .jpegIncompressibility).rawValue)?quality=\(quality)")
        case .fileSize(.png, let favoursSmall):
            return .word((favoursSmall ? Name.pngCompressibility : .pngIncompressibility).rawValue)
        case .pixels(let measure): return .word(measure.rawValue)
        case .model(let configuration): return .word(configuration.specification)
        case .combined(let rule, let parts): return Self.tree(rule, parts)
        case .textNorm(let base, let contrasts, let scale):
            return .group([
                "textnorm": .group(["reward": base.tree, "contrasts": contrasts.tree, "scale": .number(scale)])
            ])
        case .without(let word, let base):
            return .group(["without": .group(["reward": base.tree, "word": .word(word)])])
        }
    }

    private static func tree(_ rule: Combination, _ parts: [Part]) -> SpecificationTree {
        let named = SpecificationTree.list(parts.map { .group(["name": .word($0.name), "reward": $0.reward.tree]) })
        func one(_ name: String, _ settings: [String: SpecificationTree]) -> SpecificationTree {
            .group([name: .group(settings.merging(["reward": parts[0].reward.tree]) { $1 })])
        }
        switch rule {
        case .sum(let weights):
            return .group([
                "sum": .list(
                    zip(weights, parts).map { weight, part in
                        .group(["weight": .number(weight), "name": .word(part.name), "reward": part.reward.tree])
                    })
            ])
        case .harmonic(let lambda):
            return .group([
                "harmonic": .group([
                    "lambda": .number(lambda), "first": parts[0].reward.tree, "second": parts[1].reward.tree,
                ])
            ])
        case .clamp(let least, let most):
            let bounds = ["min": least, "max": most].compactMapValues { $0.map(SpecificationTree.number) }
            return one("clamp", bounds)
        case .affine(let scale, let offset): return one("affine", ["scale": .number(scale), "offset": .number(offset)])
        case .zscore(let mean, let deviation):
            return one("zscore", ["mean": .number(mean), "deviation": .number(deviation)])
        case .mean: return .group(["mean": .group(["rewards": named])])
        case .lowerBound(let factor): return .group(["lcb": .group(["rewards": named, "factor": .number(factor)])])
        case .uncertaintyWeighted(let lambda):
            return .group(["uwo": .group(["rewards": named, "lambda": .number(lambda)])])
        case .minimum: return .group(["min": .group(["rewards": named])])
        }
    }
}
