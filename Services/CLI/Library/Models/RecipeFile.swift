import Foundation
import ServiceRuntime

/// A recipe of a pre-training as a JSON file.
enum RecipeFile {
    /// Reads the file over the defaults.
    ///
    /// - Throws: `ServiceError` with exit code `usage` that names the file and the key: unknown or of the wrong type.
    static func read<Recipe: Codable>(_ path: String, over defaults: Recipe) throws -> Recipe {
        func refusal(_ reason: String) -> ServiceError { ServiceError("\(path): \(reason)", exitCode: .usage) }

        guard let data = FileManager.default.contents(atPath: path) else { throw refusal("it cannot be read") }
        guard let read = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw refusal("it is not a JSON object")
        }
        let merged = merge(read, over: try tree(of: defaults))
        let recipe: Recipe
        do {
            recipe = try JSONDecoder().decode(Recipe.self, from: try JSONSerialization.data(withJSONObject: merged))
        } catch DecodingError.typeMismatch(let type, let at) {
            throw refusal("\(at.codingPath.map(\.stringValue).joined(separator: ".")): this is no \(type)")
        } catch DecodingError.dataCorrupted(let at) {
            throw refusal("\(at.codingPath.map(\.stringValue).joined(separator: ".")): \(at.debugDescription)")
        } catch {
            throw refusal("\(error)")
        }
        // What the recipe does not know is not there when it is written again: this also lets keys pass that have no default.
        if let stray = stray(in: read, beside: try tree(of: recipe), path: "") {
            throw refusal("\(stray): unknown key")
        }
        return recipe
    }

    private static func tree(of value: some Encodable) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: try JSONEncoder().encode(value)) as? [String: Any] ?? [:]
    }

    private static func merge(_ read: [String: Any], over defaults: [String: Any]) -> [String: Any] {
        defaults.merging(read) { old, new in
            guard let old = old as? [String: Any], let new = new as? [String: Any] else { return new }
            return merge(new, over: old)
        }
    }

    private static func stray(in read: [String: Any], beside known: [String: Any], path: String) -> String? {
        for (key, value) in read.sorted(by: { $0.key < $1.key }) {
            let here = path.isEmpty ? key : "\(path).\(key)"
            guard let counterpart = known[key] else { return here }
            if let value = value as? [String: Any], let counterpart = counterpart as? [String: Any],
                let found = stray(in: value, beside: counterpart, path: here)
            {
                return found
            }
        }
        return nil
    }
}
