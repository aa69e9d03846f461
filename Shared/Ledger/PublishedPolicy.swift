/// A policy version that the learner has published.
public struct PublishedPolicy: Codable, Hashable, Sendable {
    /// How many rounds it has learned from.
    public let version: Int
    /// SHA-256 of the adapter's bytes, in hexadecimal.
    public let sha256: String
    /// How many modules the adapter binds.
    public let modules: Int

    public init(version: Int, sha256: String, modules: Int) {
        self.version = version
        self.sha256 = sha256
        self.modules = modules
    }
}
