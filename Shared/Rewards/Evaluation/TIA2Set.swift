public import Foundation

/// A set of the TIA² benchmark, in the files of its authors' repository, wherever they lie below one folder.
///
///     human_labels_SUBSET.json       picture -> {image, caption, human_labels: [1 | 0 | -1, …]}
///     prompt_set_SUBSET.json         prompt -> contrasting prompts
///     alignment_scores_SUBSET.json   prompt -> {human, MODEL: {auroc, …}}: what the authors published
///     …/image_i_j_k.jpg              the pictures
///
/// Kim et al., "Confidence-aware Reward Optimization for Fine-tuning Text-to-Image Models" (ICLR 2024).
public struct TIA2Set: Sendable {
    /// A picture that people have judged.
    public struct Entry: Hashable, Sendable {
        /// Where the picture is.
        public var file: URL
        public var prompt: String
        public var labels: [Int]
    }

    private enum Kind: String, CaseIterable {
        case labels = "human_labels"
        case prompts = "prompt_set"
        case scores = "alignment_scores"
    }

    public let folder: URL
    private var files: [Kind: [String: URL]] = [:]

    /// Finds the files of a set.
    ///
    /// - Throws: `RewardError` if the folder has none of them.
    public init(folder: URL) throws(RewardError) {
        self.folder = folder
        guard let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
            throw RewardError(code: .badSet, message: "\(folder.path): there is no such folder")
        }
        for case let file as URL in found where file.pathExtension == "json" {
            let name = file.deletingPathExtension().lastPathComponent
            for kind in Kind.allCases where name.hasPrefix(kind.rawValue + "_") {
                files[kind, default: [:]][String(name.dropFirst(kind.rawValue.count + 1))] = file
            }
        }
        guard files[.labels] != nil || files[.scores] != nil else {
            throw RewardError(
                code: .badSet,
                message: "\(folder.path): no human_labels_SUBSET.json and no alignment_scores_SUBSET.json is in it")
        }
    }

    /// The subsets that people have judged.
    public var labelledSubsets: [String] { (files[.labels] ?? [:]).keys.sorted() }

    /// The subsets of which the authors published scores.
    public var publishedSubsets: [String] { (files[.scores] ?? [:]).keys.sorted() }

    /// The contrasting prompts of each prompt of a subset; `nil` if they are not there.
    public func contrasts(_ subset: String) throws -> [String: [String]]? {
        try files[.prompts]?[subset].map { try Self.read([String: [String]].self, $0) }
    }

    /// The pictures of a subset, in the order of their names.
    ///
    /// - Throws: `RewardError` naming the file, or the first picture that is not there.
    public func entries(_ subset: String) throws -> [Entry] {
        guard let file = files[.labels]?[subset] else {
            throw RewardError(code: .badSet, message: "\(folder.path): there is no human_labels_\(subset).json")
        }
        struct Row: Decodable {
            let image: String?
            let caption: String
            let labels: [Int]

            enum CodingKeys: String, CodingKey {
                case image, caption
                case labels = "human_labels"
            }
        }
        let rows = try Self.read([String: Row].self, file)
        return try rows.sorted { $0.key < $1.key }.map { key, row in
            if let stray = row.labels.first(where: { !(-1...1).contains($0) }) {
                throw RewardError(
                    code: .badSet, message: "\(file.path): '\(key)' has the label \(stray); labels are 1, 0 and -1")
            }
            return Entry(
                file: try picture(row.image ?? key, subset, beside: file), prompt: row.caption, labels: row.labels)
        }
    }

    private func picture(_ name: String, _ subset: String, beside file: URL) throws(RewardError) -> URL {
        let places = [
            folder.appending(path: "images/\(subset)"), folder.appending(path: subset),
            folder.appending(path: "images"), folder, file.deletingLastPathComponent(),
        ]
        for place in places {
            let candidate = place.appending(path: name)
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        throw RewardError(
            code: .badSet,
            message: "\(folder.path): the picture '\(name)' is not there; it is looked for in images/\(subset), "
                + "\(subset), images and beside the labels")
    }

    /// What the authors published of a subset, by model: for each the measures of its prompts and their means.
    ///
    /// - Throws: `RewardError` naming the file.
    public func published(_ subset: String) throws -> [String: AlignmentReport] {
        guard let file = files[.scores]?[subset] else {
            throw RewardError(code: .badSet, message: "\(folder.path): there is no alignment_scores_\(subset).json")
        }
        /// A prompt's row: the rate of right pictures under `human`, the measures of models under their names.
        struct Row: Decodable {
            var models: [String: AlignmentMeasures]

            init(from decoder: any Decoder) throws {
                let keys = try decoder.container(keyedBy: Name.self)
                models = [:]
                for key in keys.allKeys where key.stringValue != "human" {
                    models[key.stringValue] = try keys.decode(AlignmentMeasures.self, forKey: key)
                }
            }

            struct Name: CodingKey {
                let stringValue: String
                var intValue: Int? { nil }
                init(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
        }
        var byModel: [String: [String: AlignmentMeasures]] = [:]
        for (prompt, row) in try Self.read([String: Row].self, file) {
            for (model, measures) in row.models { byModel[model, default: [:]][prompt] = measures }
        }
        return byModel.mapValues { AlignmentReport(prompts: $0) }
    }

    private static func read<Value: Decodable>(_: Value.Type, _ file: URL) throws(RewardError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: file))
        } catch {
            throw RewardError(code: .badSet, message: "\(file.path): it is not such a file of TIA²: \(error)")
        }
    }
}

extension AlignmentReport {
    fileprivate init(prompts: [String: AlignmentMeasures]) {
        self.prompts = prompts
        macro = AlignmentMeasures(meansOf: prompts.sorted { $0.key < $1.key }.map(\.value))
        leftOut = LeftOut()
    }
}
