import TensorCore

/// The memory of a UNet.
struct UNetFootprint {
    /// What happens to a pass's intermediate results.
    enum Pass {
        /// Nothing is kept but the skip connections.
        case inference
        /// Everything is kept for the backward pass.
        case keeping
        /// The stages' inputs are kept, and one stage at a time is computed again.
        case recomputing
    }

    private(set) var footprint: Footprint
    private let pass: Pass
    /// Whether every parameter takes a gradient, not only an adapter's.
    private let trainsAll: Bool
    private let unet: UNetConfiguration

    init(
        _ unet: UNetConfiguration, _ size: SampleSize, _ precision: ComputePrecision, _ pass: Pass,
        trainsAll: Bool = false
    ) {
        footprint = Footprint(precision, isTrained: pass != .inference)
        (self.pass, self.trainsAll, self.unet) = (pass, trainsAll && pass != .inference, unet)
        let widths = unet.blockOutChannels
        var (size, channels) = (size, widths[0])
        var sizes: [SampleSize] = []
        var skipped = [channels]
        footprint.convolve(unet.inChannels, channels, size)
        footprint.keep(size.pixels * channels)
        for level in widths.indices {
            for _ in 0..<unet.layersPerBlock[level] {
                stage(
                    level, channels, widths[level], size, isCross: unet.downBlockTypes[level] == "CrossAttnDownBlock2D")
                channels = widths[level]
                footprint.keep(size.pixels * channels)
                skipped.append(channels)
            }
            sizes.append(size)
            if level < widths.count - 1 {
                footprint.convolve(channels, channels, size, stride: 2)
                size = size.halved
                footprint.keep(size.pixels * channels)
                skipped.append(channels)
            }
        }
        stage(widths.count - 1, channels, channels, size, isCross: true)
        stage(widths.count - 1, channels, channels, size, isCross: false)
        for (index, level) in widths.indices.reversed().enumerated() {
            size = sizes[level]
            for _ in 0...unet.layersPerBlock[level] {
                stage(
                    level, channels + skipped.removeLast(), widths[level], size,
                    isCross: unet.upBlockTypes[index] == "CrossAttnUpBlock2D")
                channels = widths[level]
            }
            if level > 0 {
                footprint.convolve(channels, channels, sizes[level - 1])
                footprint.use([(sizes[level - 1].pixels * channels, 3)])
            }
        }
        footprint.convolve(channels, unet.outChannels, size)
    }

    /// One ResNet block and the transformer after it.
    private mutating func stage(_ level: Int, _ inputs: Int, _ outputs: Int, _ size: SampleSize, isCross: Bool) {
        let pixels = size.pixels
        footprint.convolve(inputs, outputs, size)
        footprint.convolve(outputs, outputs, size)
        footprint.multiply(unet.timeWidth, outputs)
        if inputs != outputs { footprint.multiply(inputs, outputs) }
        let inner = unet.attentionHeads[level] * (outputs / max(unet.attentionHeads[level], 1))
        let layers = isCross ? unet.transformerLayersPerBlock[level] : 0
        if isCross {
            footprint.multiply(outputs, inner, times: 2)
            // Two attentions, the second with keys and values of the text, and the feed-forward layer.
            footprint.multiply(inner, inner, times: 6 * layers)
            footprint.multiply(unet.crossAttentionDimension[level], inner, times: 2 * layers)
            footprint.multiply(inner, 8 * inner, times: layers)
            footprint.multiply(4 * inner, inner, times: layers)
        }
        switch pass {
        case .inference:
            footprint.use([(pixels * inputs, 2), (pixels * outputs, 5)])
            if isCross { footprint.use([(pixels * inner, 10), (pixels * 4 * inner, 1), (pixels * 8 * inner, 1)]) }
        case .keeping:
            keepStage(inputs, outputs, inner, pixels, layers)
            footprint.use([(pixels * inputs, 2), (pixels * outputs, 4)])
            if isCross { footprint.use([(pixels * inner, 6), (pixels * 4 * inner, 1), (pixels * 8 * inner, 1)]) }
        case .recomputing:
            footprint.keep(pixels * inputs)
            // As for all that is kept, with the gradients.
            footprint.use([(pixels * inputs, 3), (pixels * outputs, 5)])
            if isCross {
                footprint.use([
                    (pixels * outputs, 3), (pixels * inner, 11 * layers + 6), (pixels * 4 * inner, 1),
                    (pixels * 8 * inner, layers + 1),
                    (trainsAll ? pixels * inner : 0, 5 * layers + 1),
                    (trainsAll ? pixels * (inputs + 2 * outputs) : 0, 1),
                ])
            }
        }
    }

    /// What the rules of the backward pass need, with an adapter on the projections of attention or gradients of all weights.
    private mutating func keepStage(_ inputs: Int, _ outputs: Int, _ inner: Int, _ pixels: Int, _ layers: Int) {
        // What the two norms normalise.
        footprint.keep(pixels * inputs)
        footprint.keep(pixels * outputs)
        // What goes into a layer is needed for the gradient of its weights.
        if trainsAll { footprint.keep(pixels * (inputs + outputs)) }
        guard layers > 0 else { return }
        if trainsAll { footprint.keep(pixels * (outputs + inner) + pixels * 5 * inner * layers) }
        footprint.keep(pixels * outputs)
        // Inputs of three norms; of two of them the results too, for the adapter; queries, keys and values; results of
        // two attentions; what is gated, eight times as wide.
        footprint.keep(pixels * inner, (3 + 2 + 4 + 2 + 8) * layers)
    }
}

/// The memory of an auto-encoder's decoder.
struct DecoderFootprint {
    private(set) var footprint: Footprint

    init(_ vae: VAEConfiguration, _ size: SampleSize, _ precision: ComputePrecision) {
        footprint = Footprint(precision, isTrained: false)
        let widths = Array(vae.blockOutChannels.reversed())
        var (size, channels) = (size, widths[0])
        footprint.convolve(vae.latentChannels, channels, size)
        for _ in 0..<4 { footprint.convolve(channels, channels, size) }
        if vae.hasMiddleAttention { footprint.multiply(channels, channels, times: 4) }
        for (level, width) in widths.enumerated() {
            for _ in 0...vae.layersPerBlock {
                footprint.convolve(channels, width, size)
                footprint.convolve(width, width, size)
                if channels != width { footprint.multiply(channels, width) }
                // The input with the first norm's result, or with the second's, a shortcut and the sum.
                footprint.use([(size.pixels * channels, 2), (size.pixels * width, 1)])
                footprint.use([(size.pixels * channels, 1), (size.pixels * width, channels == width ? 2 : 3)])
                channels = width
            }
            if level < widths.count - 1 {
                size = size.doubled
                footprint.convolve(channels, channels, size)
                footprint.use([(size.pixels * channels, 2)])
            }
        }
        footprint.convolve(channels, vae.outChannels, size)
    }
}
