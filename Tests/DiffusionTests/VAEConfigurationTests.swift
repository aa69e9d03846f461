import Encoders
import Foundation
import Testing

@testable import Diffusion

/// What the configuration of an auto-encoder may ask for.
struct VAEConfigurationTests {
    /// Options of a file that is refused, and what the refusal names.
    struct Refused: Sendable, CustomTestStringConvertible {
        let down: [String]
        let up: [String]
        let key: String
        let reason: String

        var testDescription: String { "\(down) and \(up)" }
    }

    private static let (down, up) = ("DownEncoderBlock2D", "UpDecoderBlock2D")

    static let refused = [
        Refused(down: [down, "AttnDownEncoderBlock2D"], up: [up, up], key: "down_block_types", reason: "'AttnDownE"),
        Refused(down: [down, down], up: ["AttnUpDecoderBlock2D", up], key: "up_block_types", reason: "'AttnUpD"),
        Refused(down: [down], up: [up, up], key: "down_block_types", reason: "1 blocks for 2"),
        Refused(down: [down, down], up: [up, up, up], key: "up_block_types", reason: "3 blocks for 2"),
    ]

    @Test(arguments: refused) func refusesOtherBlocksByName(_ refused: Refused) throws {
        let data = try JSONSerialization.data(withJSONObject: [
            "block_out_channels": [16, 32], "down_block_types": refused.down, "up_block_types": refused.up,
        ])
        let error = try #require(throws: ConfigurationError.self) {
            try JSONDecoder().decode(VAEConfiguration.self, from: data)
        }
        #expect(error.key == refused.key)
        #expect(error.reason.hasPrefix(refused.reason), "\(error)")
    }

    @Test func refusalsOfAFolderNameItsFile() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "config.json")
        try Data(#"{"block_out_channels": [8], "down_block_types": ["DownBlock2D"]}"#.utf8).write(to: file)
        let error = try #require(throws: ModelError.self) {
            try ModelFolder(url: folder).configuration(VAEConfiguration.self)
        }
        #expect(error.path == file.path)
        #expect(error.reason.hasPrefix("down_block_types: 'DownBlock2D'"))
    }

    @Test(arguments: [[16], [16, 32], [128, 256, 512, 512]])
    func isReadBackAsWrittenWithABlockForEachLevel(_ widths: [Int]) throws {
        var configuration = VAEConfiguration()
        configuration.blockOutChannels = widths
        configuration.scalingFactor = 0.7
        let data = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(VAEConfiguration.self, from: data) == configuration)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["down_block_types"] as? [String] == widths.map { _ in "DownEncoderBlock2D" })
        #expect(object["up_block_types"] as? [String] == widths.map { _ in "UpDecoderBlock2D" })
    }
}
