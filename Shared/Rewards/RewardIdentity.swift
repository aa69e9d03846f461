import Crypto
import Foundation

/// Which reward gave a score.
public struct RewardIdentity: Codable, Hashable, Sendable {
    /// The reward's specification with every setting spelt out: `jpeg-compressibility?quality=95`.
    public let id: String
    /// The SHA-256, in hexadecimal, of everything that can change a score: the id, the revision of the code, and the
    /// weights if there are any.
    public let version: String

    /// - Parameters:
    ///   - id: the complete specification.
    ///   - revision: raised whenever the code comes to give other scores.
    ///   - weights: the bytes of the model's weights, in a fixed order.
    public init(id: String, revision: Int, weights: [[UInt8]] = []) {
        self.id = id
        var hash = SHA256()
        hash.update(data: Data("\(id)\nrevision \(revision)\n".utf8))
        for block in weights {
            // The length keeps the same bytes, cut elsewhere, apart.
            hash.update(data: Data("\(block.count)\n".utf8))
            hash.update(data: block)
        }
        version = hash.finalize().map { String(format: "%02x", $0) }.joined()
    }
}
