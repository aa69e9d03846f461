import TensorCore

/// How much memory work on a checkpoint will need, computed from its configurations before anything is loaded.
///
/// Counts weights in the layouts in which they are used, and the activations that live at once. Measured peaks are in the
/// README.
public struct MemoryEstimate: Sendable {
    private let model: ModelOutline

    public init(_ model: ModelOutline) { self.model = model }

    /// What is computed at once.
    public struct Work: Hashable, Sendable {
        /// Of the latents.
        public var size: SampleSize
        public var samples = 1
        /// Whether guidance asks the UNet twice for every sample.
        public var isGuided = true
        public var precision = ComputePrecision.f32
        public var tiling = VAETiling.auto
        /// Whether a training step takes gradients of every parameter, not only of an adapter of low rank.
        public var trainsAll: Bool

        public init(
            size: SampleSize, samples: Int = 1, isGuided: Bool = true, precision: ComputePrecision = .f32,
            trainsAll: Bool = false
        ) {
            (self.size, self.samples, self.isGuided, self.precision) = (size, samples, isGuided, precision)
            self.trainsAll = trainsAll
        }

        fileprivate var rows: Int { isGuided ? 2 * samples : samples }
    }

    /// Bytes of all weights as f32.
    public var weights: Int {
        let decoder = DecoderFootprint(model.vae, model.size, .f32).footprint
        return 4 * (model.unetParameters + model.textParameters + decoder.parameters)
    }

    /// Bytes of the UNet that processes of one machine share, because they read them where the file has them.
    public func shared(_ work: Work) -> Int {
        model.unetStored * UNetFootprint(model.unet, work.size, work.precision, .inference).footprint.elementsOfFile
    }

    /// Peak while pictures are drawn: text encoders, UNet and decoder stay in memory once they were used.
    public func sampling(_ work: Work) -> Int {
        Self.program + text + prediction(work) + decoding(work)
    }

    /// Peak of a pass of the UNet alone.
    public func forward(_ work: Work) -> Int { Self.program + prediction(work) }

    /// Peak of decoding alone, all samples at once.
    public func decode(_ work: Work) -> Int { Self.program + decoding(work, atOnce: work.samples) }

    /// Peak of a training step of the UNet alone, without an optimiser.
    ///
    /// - Parameters:
    ///   - work: what goes through the UNet as one batch.
    ///   - recompute: whether the blocks are computed again in the backward pass.
    /// - Returns: bytes.
    public func trainingStep(_ work: Work, recompute: Bool) -> Int {
        let unet = training(work, recompute: recompute)
        // A weight that takes a gradient has it in f32, and itself as in the file until it is changed.
        let weights =
            work.trainsAll
            ? unet.weights(stored: 0) + (4 + model.unetStored) * model.unetParameters
            : unet.weights(stored: model.unetStored)
        return Self.program + weights + 4 * work.rows * unet.activations
    }

    private func training(_ work: Work, recompute: Bool) -> Footprint {
        UNetFootprint(
            model.unet, work.size, work.precision, recompute ? .recomputing : .keeping, trainsAll: work.trainsAll
        ).footprint
    }

    /// Peak of a learner: training steps with the text encoders beside them, and from time to time pictures.
    ///
    /// - Parameters:
    ///   - work: what goes through the UNet as one batch of a step.
    ///   - recompute: as in ``trainingStep(_:recompute:)``.
    ///   - pictures: what is drawn at once, if anything is.
    /// - Returns: bytes.
    public func learning(_ work: Work, recompute: Bool, pictures: Work? = nil) -> Int {
        let step = trainingStep(work, recompute: recompute) + text
        guard let pictures else { return step }
        // The weights of a step serve for pictures too. A network that a gradient comes back through keeps f32.
        let drawing = UNetFootprint(model.unet, pictures.size, pictures.precision, .inference).footprint
        let unet = training(work, recompute: recompute)
        let more = 4 * (pictures.rows * drawing.activations - work.rows * unet.activations)
        return step + max(more, 0) + decoding(pictures)
    }

    /// The program's code and libraries.
    private static let program = 60 << 20

    private var text: Int { 4 * model.textParameters }

    private func prediction(_ work: Work) -> Int {
        let unet = UNetFootprint(model.unet, work.size, work.precision, .inference).footprint
        return unet.weights(stored: model.unetStored)
            + work.precision.supported.byteCount * work.rows * unet.activations
    }

    private func decoding(_ work: Work, atOnce: Int? = nil) -> Int {
        var (size, samples) = (work.size, atOnce ?? StableDiffusion.decodedAtOnce(work.size, of: work.samples))
        if StableDiffusion.isTiled(work.size, work.tiling) {
            let side = model.vae.tileSide
            (size, samples) = (SampleSize(height: min(side, size.height), width: min(side, size.width)), 1)
        }
        let footprint = DecoderFootprint(model.vae, size, work.precision).footprint
        let pixels = work.samples * work.size.pixels * model.vae.downsampling * model.vae.downsampling
        return footprint.weights(stored: model.vaeStored)
            + work.precision.supported.byteCount * samples * footprint.activations + 3 * 4 * 3 * pixels
    }
}

/// What `atelier inspect` says of a checkpoint's need of memory, in bytes.
public struct MemoryFigures: Codable, Hashable, Sendable {
    /// All weights in f32.
    public var weights: Int
    /// Peak while one picture is drawn with guidance.
    public var sampling: Int
    public var samplingBF16: Int
    /// Peak of a guided training step of one sample that keeps all activations.
    public var training: Int
    /// The same where only the blocks' inputs are kept and the blocks are computed again.
    public var trainingRecomputed: Int
    public var trainingRecomputedBF16: Int

    init(_ estimate: MemoryEstimate, size: SampleSize) {
        let (full, low) = (
            MemoryEstimate.Work(size: size), MemoryEstimate.Work(size: size, precision: .bf16)
        )
        weights = estimate.weights
        sampling = estimate.sampling(full)
        samplingBF16 = estimate.sampling(low)
        training = estimate.learning(full, recompute: false)
        trainingRecomputed = estimate.learning(full, recompute: true)
        trainingRecomputedBF16 = estimate.learning(low, recompute: true)
    }
}
