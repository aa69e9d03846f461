internal import CJPEG

extension Picture {
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
            let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw ImagingError(.malformed, "cannot encode a JPEG of \(width)x\(height) pixels: \(reason)")
        }
        defer { free(output) }
        return Array(UnsafeBufferPointer(start: output, count: Int(count)))
    }
}
