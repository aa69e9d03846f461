public import RPC
public import TensorCore
public import Wire

/// Pictures of floating-point pixels with their prompts, as a reward service is asked for scores and derivatives.
public struct PixelBatch: Sendable {
    /// `[picture, height, width, 3]`, 0 (black) to 1 (white).
    public var pixels: Tensor
    public var prompts: [String]
    /// The unit they belong to, for logs.
    public var unit: UInt64

    /// - Precondition: `pixels` is `[picture, height, width, 3]` with one prompt for each picture.
    public init(pixels: Tensor, prompts: [String], unit: UInt64) {
        precondition(
            pixels.shape.count == 4 && pixels.shape[0] == prompts.count && pixels.shape[3] == 3,
            "\(prompts.count) prompts for pixels of shape \(pixels.shape)")
        self.pixels = pixels
        self.prompts = prompts
        self.unit = unit
    }

    /// - Throws: `PeerError` that names what does not fit.
    public init(_ wire: ScoreGradientRequest, _ attachments: [Attachment]) throws(PeerError) {
        guard attachments.count == 1 else {
            throw PeerError("\(attachments.count) attachments where the pictures are due")
        }
        pixels = try Pixels.tensor(
            attachments[0], count: wire.prompts.count, width: Int(wire.width), height: Int(wire.height))
        prompts = wire.prompts
        unit = wire.unit
    }

    public var wire: ScoreGradientRequest {
        ScoreGradientRequest(
            prompts: prompts, height: UInt32(pixels.shape[1]), width: UInt32(pixels.shape[2]), unit: unit)
    }

    public var attachments: [Attachment] { [Attachment(name: "pictures", copying: pixels.scalars)] }
}
