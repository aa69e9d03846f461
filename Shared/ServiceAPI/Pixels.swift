import Imaging
import RPC

/// Pictures of one size as one attachment: u8 [pictures, height, width, 3].
enum Pixels {
    /// The longest side of a picture that is believed.
    private static let longestSide = 8192

    static func attachment(_ pictures: [Picture]) -> Attachment {
        Attachment(name: "pictures", copying: pictures.flatMap(\.pixels))
    }

    static func pictures(_ attachment: Attachment, count: Int, width: Int, height: Int) throws(PeerError) -> [Picture] {
        guard count > 0 else { throw PeerError("no prompt") }
        guard (1...longestSide).contains(width), (1...longestSide).contains(height) else {
            throw PeerError("pictures of \(width)x\(height)")
        }
        let size = width * height * 3
        let (expected, overflow) = size.multipliedReportingOverflow(by: count)
        guard !overflow, attachment.bytes.count == expected else {
            throw PeerError("\(attachment.bytes.count) bytes are not \(count) pictures of \(width)x\(height)")
        }
        let bytes = attachment.bytes.elements(as: UInt8.self)
        return (0..<count).map {
            Picture(width: width, height: height, pixels: Array(bytes[$0 * size..<($0 + 1) * size]))
        }
    }
}
