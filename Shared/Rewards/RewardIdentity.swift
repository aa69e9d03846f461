import Crypto
import Foundation

/// Which reward gave a score.
public struct RewardIdentity: Codable, Hashable, Sendable {
    /// The reward's specification with every setting spelt out: `jpeg-compressibility?quality=95`.
    public let id: String
    /// The SHA-256, in hexadecimal, of everything that can change a score: the settings, the revision of the code, and the
    /// weights if there are any.
    public let version: String

    /// - Parameters:
    ///   - id: the complete specification.
    ///   - revision: raised whenever the code comes to give other scores.
    ///   - settings: what of the specification can change a score; all of it if not given. A path cannot, what is there can.
    ///   - weights: the bytes of the model's weights or of digests of them, in a fixed order.
    public init(id: String, revision: Int, settings: String? = nil, weights: [[UInt8]] = []) {
        self.id = id
        var hash = SHA256()
        hash.update(data: Data("\(settings ?? id)\nrevision \(revision)\n".utf8))
        for block in weights {
            // The length keeps the same bytes, cut elsewhere, apart.
            hash.update(data: Data("\(block.count)\n".utf8))
            hash.update(data: block)
        }
        version = hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    /// The identity of a reward made of others: its rule, and the versions of its parts.
    init(id: String, rule: String, parts: [RewardIdentity]) {
        self.init(id: id, revision: 1, settings: rule, weights: parts.map { Array($0.version.utf8) })
    }

    /// The digest of files, read a piece at a time.
    ///
    /// - Throws: `RewardError` naming the file that cannot be read.
    static func digest(_ files: [URL]) throws(RewardError) -> [UInt8] {
        var hash = SHA256()
        for file in files {
            do {
                let handle = try FileHandle(forReadingFrom: file)
                defer { try? handle.close() }
                hash.update(data: Data("\(file.lastPathComponent)\n".utf8))
                while let piece = try handle.read(upToCount: 1 << 22), !piece.isEmpty { hash.update(data: piece) }
            } catch {
                throw RewardError(code: .badModel, message: "\(file.path): it cannot be read")
            }
        }
        return Array(hash.finalize())
    }
}
