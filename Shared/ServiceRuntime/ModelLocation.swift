public import Foundation

/// Where the model of a configuration lies.
public enum ModelLocation {
    /// The name of the model that the repository carries.
    public static let embedded = "menagerie"
    private static let embeddedFolder = "Shared/Menagerie/Base"

    /// The folder of a model in the diffusers layout.
    ///
    /// The name is a path, or `menagerie`, which is looked for above the working folder and above this program. Throws
    /// `ServiceError` that names the folder that is missing.
    public static func folder(_ name: String) throws(ServiceError) -> URL {
        if name == embedded {
            let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            let places = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath), program]
            for place in places {
                if let folder = above(place) { return folder }
            }
            throw ServiceError(
                "the embedded model is not here: no folder \(embeddedFolder) above the working folder or above \(program.path)"
            )
        }
        let folder = URL(fileURLWithPath: name)
        guard FileManager.default.fileExists(atPath: folder.appending(path: "model_index.json").path) else {
            throw ServiceError("no model at \(folder.path): model_index.json is missing")
        }
        return folder
    }

    private static func above(_ place: URL) -> URL? {
        var folder = place
        while folder.path != "/" {
            let candidate = folder.appending(path: embeddedFolder)
            if FileManager.default.fileExists(atPath: candidate.appending(path: "model_index.json").path) {
                return candidate
            }
            folder = folder.deletingLastPathComponent()
        }
        return nil
    }
}
