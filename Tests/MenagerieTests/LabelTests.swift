import Foundation
import Imaging
import Testing

@Suite struct LabelTests {
    /// `Tests/Fixtures/imaging/make_label.py` drew it.
    @Test func aLabelIsDrawnAsPillowDrawsIt() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let theirs = try Picture(pngFile: tests.appending(path: "Fixtures/imaging/label.png").path)
        var ours = Picture(width: theirs.width, height: theirs.height, red: 255, green: 255, blue: 255)
        ours.drawLabel("Rewards of 0.1234, (-5)", x: 2, y: 0, color: [31, 119, 180])
        let differences = zip(ours.pixels, theirs.pixels).map { abs(Int($0) - Int($1)) }
        // Sixteen levels of coverage; where letters overlap, theirs are mixed twice.
        #expect((differences.max() ?? 255) <= 16)
        #expect(ours.pixels.contains { $0 < 100 })
    }

    @Test func whatLiesOutsideIsLeftOut() {
        var picture = Picture(width: 4, height: 4, red: 0, green: 0, blue: 0)
        picture.drawLabel("WWW", x: -5, y: -6, color: [255, 255, 255])
        picture.drawLabel("\u{1F431}", x: 2, y: 2, color: [255, 255, 255])
        #expect(picture.pixels.count == 48)
        #expect(Picture.width(ofLabel: "") == 0)
        #expect(Picture.width(ofLabel: "\u{1F431}") == Picture.width(ofLabel: "?"))
    }
}
