import Foundation
import Imaging
import Rewards
import Testing

/// `Tests/Fixtures/rewards`: small random models, and what transformers and Pillow make of two pictures
/// (`make_rewards.py`).
enum RewardFixture {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/rewards")

    static func path(_ name: String) -> String { root.appending(path: name).path }

    static func picture(_ name: String) throws -> Picture {
        try Picture(bytes: [UInt8](Data(contentsOf: root.appending(path: "\(name).png"))))
    }

    /// Scores by reward; a number alone is that of any prompt.
    struct Scores: Decodable {
        enum Value: Decodable {
            case one(Double)
            case each([Double])

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Double.self) {
                    self = .one(number)
                } else {
                    self = .each(try container.decode([Double].self))
                }
            }
        }

        let prompts: [String]
        let scores: [String: Value]
    }

    static func scores() throws -> Scores {
        try JSONDecoder().decode(Scores.self, from: Data(contentsOf: root.appending(path: "scores.json")))
    }

    /// All rewards that are models, by the names in the file of scores; `references` holds the second picture.
    static func specifications(references: String) -> [String: String] {
        [
            "clip-score": "clip-score?model=\(path("clip"))", "pickscore": "pickscore?model=\(path("clip"))",
            "aesthetic": "aesthetic?model=\(path("clip"))&head=\(path("clip/head.safetensors"))",
            "clip-i": "clip-i?model=\(path("clip"))&references=\(references)",
            "dino": "dino?model=\(path("dino"))&references=\(references)",
            "imagereward": "imagereward?model=\(path("imagereward"))", "align": "align?model=\(path("align"))",
        ]
    }
}

/// A folder that is gone with the test.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "rewards-test-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    @discardableResult
    func write(_ name: String, _ data: Data) throws -> String {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file.path
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
