import Foundation
import Yams

extension SpecificationReader {
    /// The settings of a rule.
    struct Settings {
        let rule: String
        private let entries: Node.Mapping

        init(_ rule: String, _ node: Node, reading reader: SpecificationReader) throws(RewardError) {
            switch node {
            case .mapping(let entries): self.entries = entries
            // The short form of an ensemble is its list.
            case .sequence: entries = Node.Mapping([(Node("rewards"), node)])
            case _ where node.null != nil: entries = Node.Mapping([])
            default:
                throw RewardError(
                    code: .badValue, message: "\(rule) needs a group of settings, not \(node.string ?? "that")")
            }
            self.rule = rule
        }

        func optionalNode(_ key: String) -> Node? { entries[Node(key)] }

        func node(_ key: String) throws(RewardError) -> Node {
            guard let node = entries[Node(key)] else {
                throw RewardError(code: .badValue, message: "\(rule) lacks its \(key)")
            }
            return node
        }

        func optionalText(_ key: String) throws(RewardError) -> String? {
            guard let node = entries[Node(key)] else { return nil }
            guard let text = node.string else {
                throw RewardError(code: .badValue, message: "\(rule): \(key) is not a text")
            }
            return text
        }

        func optionalNumber(_ key: String) throws(RewardError) -> Double? {
            guard let text = try optionalText(key) else { return nil }
            guard let number = Double(text), number.isFinite else {
                throw RewardError(code: .badValue, message: "\(rule): \(key) is \"\(text)\", not a number")
            }
            return number
        }

        func number(_ key: String, in range: ClosedRange<Double>) throws(RewardError) -> Double {
            guard let number = try optionalNumber(key), range.contains(number) else {
                throw RewardError(
                    code: .badValue,
                    message: "\(rule) needs \(key), a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }

        func notNegative(_ key: String, default standard: Double) throws(RewardError) -> Double {
            let number = try optionalNumber(key) ?? standard
            guard number >= 0 else {
                throw RewardError(
                    code: .badValue, message: "\(rule): \(key) is \(number); it must not be negative")
            }
            return number
        }

        func refuse(except known: Set<String>) throws(RewardError) {
            guard let stray = entries.keys.compactMap(\.string).first(where: { !known.contains($0) }) else { return }
            throw RewardError(
                code: .unknownSetting,
                message: "\(rule) has no setting \"\(stray)\"; it has: \(known.sorted().joined(separator: ", "))")
        }

        /// All settings as texts.
        func scalars() throws(RewardError) -> [String: String] {
            var texts: [String: String] = [:]
            for key in entries.keys.compactMap(\.string) { texts[key] = try optionalText(key) }
            return texts
        }

        /// Mean and deviation, given or measured on a file of scores: one JSON object with `score` a line.
        func zscore() throws(RewardError) -> Combination {
            if let path = try optionalText("calibration") {
                struct Line: Decodable { let score: Double }
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw RewardError(
                        code: .badValue, message: "\(path): it cannot be read; zscore takes scores from there")
                }
                let scores = data.split(separator: UInt8(ascii: "\n")).compactMap {
                    try? JSONDecoder().decode(Line.self, from: Data($0)).score
                }
                let mean = scores.reduce(0, +) / Double(max(scores.count, 1))
                let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(scores.count, 1))
                guard scores.count >= 2, variance > 0, variance.isFinite else {
                    throw RewardError(
                        code: .badValue, message: "\(path): at least two lines with different scores are needed")
                }
                return .zscore(mean: mean, deviation: variance.squareRoot())
            }
            guard let mean = try optionalNumber("mean"), let deviation = try optionalNumber("deviation"), deviation > 0
            else {
                throw RewardError(
                    code: .badValue,
                    message: "zscore needs mean and deviation (above 0), or calibration, a file of scores")
            }
            return .zscore(mean: mean, deviation: deviation)
        }
    }
}
