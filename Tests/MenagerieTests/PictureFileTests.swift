import Foundation
import Imaging
import Testing

/// Pictures against Pillow (`Tests/Fixtures/pictures/make_pictures.py`).
struct PictureFileTests {
    private func path(_ name: String, from file: String = #filePath) -> String {
        let tests = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("Fixtures/pictures/\(name)").path
    }

    private func largestDifference(_ a: Picture, _ b: Picture) -> Int {
        zip(a.pixels, b.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
    }

    @Test(arguments: Picture.Filter.allCases, [(7, 9), (40, 31), (31, 5), (64, 64)])
    func resizesAsPillowDoes(_ filter: Picture.Filter, _ size: (width: Int, height: Int)) throws {
        let golden = try Picture(file: path("\(filter.rawValue)-\(size.width)x\(size.height).png"))
        let resized = try Picture(file: path("source.png")).resized(width: size.width, height: size.height, filter)
        #expect(resized.width == golden.width && resized.height == golden.height)
        #expect(largestDifference(resized, golden) == 0)
    }

    @Test(arguments: ["colour", "grey"]) func readsJPEGAsPillowDoes(_ name: String) throws {
        let picture = try Picture(file: path("\(name).jpg"))
        let golden = try Picture(file: path("\(name).png"))
        #expect(picture.width == golden.width && picture.height == golden.height)
        #expect(largestDifference(picture, golden) <= 1)
    }

    @Test func refusesAJPEGThatIsCutShort() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path("colour.jpg"))))
        #expect(throws: ImagingError.self) { try Picture(bytes: Array(bytes.prefix(bytes.count / 2))) }
        #expect(throws: ImagingError.self) { try Picture(bytes: [0xff, 0xd8, 1, 2, 3]) }
    }

    @Test func readsTheTextsOfPillowsPNG() throws {
        let texts = try Picture.texts(ofPNGFile: path("source.png"))
        #expect(texts["parameters"] == "a café\nSteps: 20, Seed: 7")
        #expect(texts["Comment"] == "日本語")
    }

    @Test func writesTextsBesideTheSamePixels() throws {
        let picture = Picture(width: 3, height: 2, red: 1, green: 2, blue: 3)
        let texts = ["parameters": "a cat — 猫\nSteps: 4", "Title": "naïve"]
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("texts-\(UUID().uuidString).png").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try picture.writePNG(toFile: file, texts: texts)
        #expect(try Picture(file: file) == picture)
        #expect(try Picture.texts(ofPNGFile: file) == texts)
    }
}
