internal import CJPEG

extension Picture {
    /// Decodes a JPEG of grey or colour; a file that is cut short is refused.
    public init(jpeg: [UInt8]) throws(ImagingError) {
        var pixels: UnsafeMutablePointer<UInt8>?
        var (width, height) = (Int32(0), Int32(0))
        var message = [CChar](repeating: 0, count: Int(JMSG_LENGTH_MAX))
        let status = cjpeg_decode(
            jpeg, UInt(jpeg.count), Self.largestPixelCount, &pixels, &width, &height, &message)
        guard status == 0, let pixels else {
            throw ImagingError(.malformed, "not a JPEG this program can read: \(Self.text(message))")
        }
        defer { free(pixels) }
        let count = Int(width) * Int(height) * 3
        self.init(
            width: Int(width), height: Int(height), pixels: Array(UnsafeBufferPointer(start: pixels, count: count)))
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The picture as a baseline JPEG with libjpeg's defaults (4:2:0, standard Huffman tables), as Pillow writes it.
    ///
    /// - Parameter quality: 1 to 100, libjpeg's scale.
    /// - Returns: the file's bytes.
    /// - Throws: `ImagingError` when libjpeg refuses, as it does for a side above 65,500 pixels.
    public func jpegData(quality: Int) throws(ImagingError) -> [UInt8] {
        precondition((1...100).contains(quality), "a JPEG quality of \(quality) is not within 1...100")
        var output: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        var message = [CChar](repeating: 0, count: Int(JMSG_LENGTH_MAX))
        let status = cjpeg_encode(pixels, Int32(width), Int32(height), Int32(quality), &output, &count, &message)
        guard status == 0, let output else {
            throw ImagingError(
                .malformed, "cannot encode a JPEG of \(width)x\(height) pixels: \(Self.text(message))")
        }
        defer { free(output) }
        return Array(UnsafeBufferPointer(start: output, count: Int(count)))
    }
}
