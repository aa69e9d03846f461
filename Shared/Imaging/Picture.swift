/// An RGB picture with 8 bits a channel.
public struct Picture: Hashable, Sendable {
    public let width: Int
    public let height: Int
    /// Rows from the top, pixels from the left, red, green, blue: `height * width * 3` bytes.
    public var pixels: [UInt8]

    /// A picture over existing bytes.
    ///
    /// - Precondition: both sides are positive and `pixels` has `height * width * 3` bytes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture of \(width)x\(height) has no pixels")
        precondition(
            pixels.count == width * height * 3, "\(pixels.count) bytes do not fill \(width)x\(height) RGB pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A picture of one colour.
    public init(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8) {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for start in stride(from: 0, to: pixels.count, by: 3) {
            (pixels[start], pixels[start + 1], pixels[start + 2]) = (red, green, blue)
        }
        self.init(width: width, height: height, pixels: pixels)
    }
}
