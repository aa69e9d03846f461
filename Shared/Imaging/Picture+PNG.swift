internal import CPNG
import Foundation

// Only libpng's png_image_* functions: they return errors; the classic API jumps over the caller's frames.

extension Picture {
    /// Pictures larger than this are refused before memory is asked for.
    static let largestPixelCount = 1 << 26

    /// Reads a PNG file; transparent parts are shown on white.
    public init(pngFile path: String) throws(ImagingError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ImagingError(.unreadable, "cannot read the picture \(path)")
        }
        do throws(ImagingError) {
            try self.init(png: [UInt8](data))
        } catch {
            throw ImagingError(error.code, "\(path): \(error.message)")
        }
    }

    /// Decodes a PNG; transparent parts are shown on white.
    public init(png: [UInt8]) throws(ImagingError) {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        let result: (width: Int, height: Int, pixels: [UInt8])? = png.withUnsafeBytes { bytes in
            guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else { return nil }
            let (width, height) = (Int(image.width), Int(image.height))
            guard width * height <= Self.largestPixelCount else { return nil }
            image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
            var pixels = [UInt8](repeating: 0, count: width * height * 3)
            var white = png_color(red: 255, green: 255, blue: 255)
            guard png_image_finish_read(&image, &white, &pixels, 0, nil) != 0 else { return nil }
            return (width, height, pixels)
        }
        guard let result else {
            throw ImagingError(.malformed, "not a PNG this program can read: \(Self.message(of: image))")
        }
        self.init(width: result.width, height: result.height, pixels: result.pixels)
    }

    /// The picture as a PNG, with texts by keyword: `parameters` is what tools of this community show.
    public func pngData(texts: [String: String] = [:]) throws(ImagingError) -> [UInt8] {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
        defer { png_image_free(&image) }
        // libpng's own bound for one pass: the rows, deflate's overhead and the chunks around them.
        var data = [UInt8](repeating: 0, count: pixels.count + height + pixels.count / 1000 + 4096)
        var count = data.count
        guard png_image_write_to_memory(&image, &data, &count, 0, pixels, 0, nil) != 0 else {
            throw ImagingError(
                .malformed, "cannot encode a PNG of \(width)x\(height) pixels: \(Self.message(of: image))")
        }
        let png = Array(data[..<count])
        return texts.isEmpty ? png : PNGText.inserting(texts, into: png)
    }

    /// Writes the picture as a PNG file, with texts as ``pngData(texts:)`` has them.
    public func writePNG(toFile path: String, texts: [String: String] = [:]) throws(ImagingError) {
        let data = try pngData(texts: texts)
        do {
            try Data(data).write(to: URL(fileURLWithPath: path))
        } catch {
            throw ImagingError(.unwritable, "cannot write the picture \(path): \(error.localizedDescription)")
        }
    }

    private static func message(of image: png_image) -> String {
        let text = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return text.isEmpty ? "more than \(largestPixelCount) pixels" : text
    }
}
