public import RPC
public import TensorCore
public import Wire

/// What a reward says of pictures, with the derivative of each score by its own picture.
public struct PictureGradients: Sendable {
    public var scores: [PictureScore]
    /// `[picture, height, width, 3]`; not a number where a picture has no score.
    public var gradient: Tensor
    /// SHA-256 of what scored them.
    public var identity: String

    public init(scores: [PictureScore], gradient: Tensor, identity: String) {
        self.scores = scores
        self.gradient = gradient
        self.identity = identity
    }

    /// The answer to a batch.
    ///
    /// - Throws: `PeerError` that names what does not fit, or a derivative that is not finite where there is a score.
    public init(_ wire: ScoreGradientReply, _ attachments: [Attachment], to batch: PixelBatch) throws(PeerError) {
        guard attachments.count == 1 else {
            throw PeerError("\(attachments.count) attachments where the derivatives are due")
        }
        guard wire.scores.count == batch.prompts.count else {
            throw PeerError("\(wire.scores.count) scores for \(batch.prompts.count) pictures")
        }
        var scores: [PictureScore] = []
        for score in wire.scores { scores.append(try PictureScore(score)) }
        let shape = batch.pixels.shape
        gradient = try Pixels.tensor(attachments[0], count: shape[0], width: shape[2], height: shape[1])
        for (index, score) in scores.enumerated() {
            guard case .number = score else { continue }
            guard gradient[rows: index..<index + 1].withUnsafeBuffer({ $0.allSatisfy(\.isFinite) }) else {
                throw PeerError("the derivative of a score is not finite")
            }
        }
        self.scores = scores
        identity = wire.identity
    }

    public var wire: ScoreGradientReply { ScoreGradientReply(scores: scores.map(\.wire), identity: identity) }

    public var attachments: [Attachment] { [Attachment(name: "gradient", copying: gradient.scalars)] }
}
