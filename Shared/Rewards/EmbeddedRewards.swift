public import Foundation

/// The reward models that the repository carries: `menagerie/NAME`.
public enum EmbeddedRewards {
    private static let prefix = "menagerie/"
    private static let place = "Shared/Menagerie/Rewards"

    /// The place of a model's folder or file: a path, or that of an embedded model, which is looked for above the working
    /// folder and above this program.
    ///
    /// - Throws: `RewardError` naming the embedded model that is missing.
    public static func locate(_ model: String) throws(RewardError) -> URL {
        guard model.hasPrefix(prefix) else { return URL(filePath: model) }
        let name = "\(place)/\(model.dropFirst(prefix.count))"
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        for start in [URL(filePath: FileManager.default.currentDirectoryPath), program] {
            var folder = start
            while folder.path != "/" {
                let candidate = folder.appending(path: name)
                if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
                folder = folder.deletingLastPathComponent()
            }
        }
        throw RewardError(
            code: .badModel,
            message: "there is no \(name) above the working folder or above \(program.path)")
    }
}
