import Foundation
import Testing

/// The configurations that come with Atelier.
@Suite struct PresetTests {
    private static let configurations = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "deploy/configs")

    private static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: configurations.appending(path: folder).path)
            .filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }.sorted()
    }

    @Test func everyPresetIsAcceptedWithItsCostAndMemoryAlsoWhereTheModelIsNotHere() async throws {
        let place = try Workplace()
        let files = try Self.files("menagerie") + Self.files("papers")
        #expect(files.count > 25)
        for file in files {
            let ended = try await place.run(
                "atelier", ["run", "--check", "--json", Self.configurations.appending(path: file).path])
            try #require(ended.ending == .exited(0), "\(file): \(ended.error)")
            let isPaper = file.hasPrefix("papers/")
            #expect(ended.json["modelIsHere"] as? Bool == !isPaper, "\(file)")
            let memory = try #require(ended.json["memory"] as? [String: Any], "\(file)")
            #expect(try #require(memory["totalBytes"] as? Int) > (isPaper ? 3_000_000_000 : 50_000_000), "\(file)")
            #expect(((ended.json["passes"] as? [String: Double])?["sampling"] ?? 0) > 0, "\(file)")
        }
    }
}
