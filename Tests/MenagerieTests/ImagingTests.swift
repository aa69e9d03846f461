import Foundation
import Imaging
import Testing

/// Pillow's results for pictures that a formula defines: `Tests/Fixtures/imaging/make_imaging.py` writes them.
struct ImagingFixture: Decodable {
    struct JPEG: Decodable {
        let picture: String
        let side: Int
        let quality: Int
        let bytes: Int
    }

    struct PNG: Decodable {
        let mode: String
        let file: Data
        let pixels: [UInt8]
    }

    let jpeg: [JPEG]
    let png: [PNG]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/imaging/imaging.json")
        self = try JSONDecoder().decode(ImagingFixture.self, from: Data(contentsOf: file))
    }

    /// The same bytes as in the script.
    static func picture(_ name: String, side: Int) -> Picture {
        var state: UInt32 = 1
        let pixels = (0..<side * side * 3).map { index -> UInt8 in
            let (x, y, c) = (index / 3 % side, index / 3 / side, index % 3)
            switch name {
            case "white": return 255
            case "ramp": return UInt8((x * 3 + y * (c + 1)) % 256)
            case "blocks": return UInt8((x / 8 + y / 8) % 2 != 0 ? 60 + 90 * c : 220 - 70 * c)
            default:
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(state >> 24)
            }
        }
        return Picture(width: side, height: side, pixels: pixels)
    }
}

@Suite struct ImagingTests {
    @Test func aJPEGIsAsLongAsPillows() throws {
        for expected in try ImagingFixture().jpeg {
            let picture = ImagingFixture.picture(expected.picture, side: expected.side)
            let size = try picture.jpegData(quality: expected.quality).count
            #expect(size == expected.bytes, "\(expected)")
        }
    }

    @Test func aWhitePictureIs691BytesOfJPEG() throws {
        let white = Picture(width: 64, height: 64, red: 255, green: 255, blue: 255)
        #expect(try white.jpegData(quality: 95).count == 691)
    }

    @Test func aSideThatJPEGCannotHoldIsAnErrorAndNoCrash() {
        let picture = Picture(width: 70_000, height: 1, red: 0, green: 0, blue: 0)
        #expect(throws: ImagingError.self) { try picture.jpegData(quality: 95) }
    }

    @Test func aPNGComesBackAsItWas() throws {
        for (name, side) in [("white", 1), ("ramp", 64), ("noise", 33)] {
            let picture = ImagingFixture.picture(name, side: side)
            #expect(try Picture(png: picture.pngData()) == picture)
        }
    }

    @Test func readsPillowsPNGsOfOtherModesOnWhite() throws {
        for expected in try ImagingFixture().png {
            let picture = try Picture(png: [UInt8](expected.file))
            let differences = zip(picture.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
            // libpng mixes half-transparent pixels in linear light; these are fully opaque or not at all.
            #expect(picture.pixels.count == expected.pixels.count && differences.max() == 0, "\(expected.mode)")
        }
    }

    @Test func aTruncatedPNGIsAnErrorAtEveryLength() throws {
        let file = try ImagingFixture.picture("noise", side: 8).pngData()
        for length in 0..<file.count - 16 {
            #expect(throws: ImagingError.self) { try Picture(png: Array(file[..<length])) }
        }
    }

    @Test func aMissingFileIsNamed() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "no-such-\(UUID()).png").path
        let error = #expect(throws: ImagingError.self) { try Picture(pngFile: path) }
        #expect(error?.code == .unreadable && error?.message.contains(path) == true)
    }

    @Test func writesAndReadsAFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "atelier-\(UUID()).png").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let picture = ImagingFixture.picture("blocks", side: 40)
        try picture.writePNG(toFile: path)
        #expect(try Picture(pngFile: path) == picture)
        let unwritable = #expect(throws: ImagingError.self) { try picture.writePNG(toFile: "/no/such/folder/x.png") }
        #expect(unwritable?.code == .unwritable)
    }

    @Test func aGridPutsPicturesInRowsOnWhite() {
        let black = Picture(width: 2, height: 2, red: 0, green: 0, blue: 0)
        let sheet = Picture.grid([black, black, black], columns: 2, padding: 1, scale: 3)
        #expect(sheet.width == 21 && sheet.height == 21)
        let isBlack = { (x: Int, y: Int) in sheet.pixels[(y * 21 + x) * 3] == 0 }
        #expect(isBlack(3, 3) && isBlack(8, 8) && isBlack(12, 3) && isBlack(3, 12))
        #expect(!isBlack(2, 3) && !isBlack(9, 3) && !isBlack(12, 12))
    }
}
