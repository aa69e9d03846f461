public import Imaging
public import RPC
public import Wire

/// Pictures of one size with their prompts, as a reward service is asked about them.
public struct PictureBatch: Hashable, Sendable {
    public var pictures: [Picture]
    public var prompts: [String]
    /// The unit they belong to, for logs.
    public var unit: UInt64

    /// - Precondition: there are as many prompts as pictures, at least one, and all pictures have one size.
    public init(pictures: [Picture], prompts: [String], unit: UInt64) {
        precondition(!pictures.isEmpty && pictures.count == prompts.count, "each picture has a prompt")
        self.pictures = pictures
        self.prompts = prompts
        self.unit = unit
    }

    /// - Throws: `PeerError` that names what does not fit.
    public init(_ wire: ScorePicturesRequest, _ attachments: [Attachment]) throws(PeerError) {
        guard attachments.count == 1 else {
            throw PeerError("\(attachments.count) attachments where the pictures are due")
        }
        pictures = try Pixels.pictures(
            attachments[0], count: wire.prompts.count, width: Int(wire.width), height: Int(wire.height))
        prompts = wire.prompts
        unit = wire.unit
    }

    public var wire: ScorePicturesRequest {
        ScorePicturesRequest(
            prompts: prompts, height: UInt32(pictures[0].height), width: UInt32(pictures[0].width), unit: unit)
    }

    public var attachments: [Attachment] { [Pixels.attachment(pictures)] }
}
