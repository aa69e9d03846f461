import Imaging
import RPC
import TensorCore

/// Pictures of one size as one attachment: u8 [pictures, height, width, 3].
enum Pixels {
    /// The longest side of a picture that is believed.
    private static let longestSide = 8192

    static func attachment(_ pictures: [Picture]) -> Attachment {
        Attachment(name: "pictures", copying: pictures.flatMap(\.pixels))
    }

    static func pictures(_ attachment: Attachment, count: Int, width: Int, height: Int) throws(PeerError) -> [Picture] {
        let size = try check(attachment, count: count, width: width, height: height, bytes: 1)
        let bytes = attachment.bytes.elements(as: UInt8.self)
        return (0..<count).map {
            Picture(width: width, height: height, pixels: Array(bytes[$0 * size..<($0 + 1) * size]))
        }
    }

    /// As f32 [pictures, height, width, 3].
    static func tensor(_ attachment: Attachment, count: Int, width: Int, height: Int) throws(PeerError) -> Tensor {
        _ = try check(attachment, count: count, width: width, height: height, bytes: MemoryLayout<Float>.size)
        return Tensor(attachment.bytes.elements(as: Float.self), shape: [count, height, width, 3])
    }

    /// The elements of one picture, if the attachment is as long as it has to be.
    private static func check(
        _ attachment: Attachment, count: Int, width: Int, height: Int, bytes: Int
    ) throws(PeerError) -> Int {
        guard count > 0 else { throw PeerError("no prompt") }
        guard (1...longestSide).contains(width), (1...longestSide).contains(height) else {
            throw PeerError("pictures of \(width)x\(height)")
        }
        let size = width * height * 3
        let (expected, overflow) = (size * bytes).multipliedReportingOverflow(by: count)
        guard !overflow, attachment.bytes.count == expected else {
            throw PeerError("\(attachment.bytes.count) bytes are not \(count) pictures of \(width)x\(height)")
        }
        return size
    }
}
