import TensorCore

/// The weights of a network in the layouts in which they are used, and the activations of one sample that live at once.
///
/// Counted from the configuration, layer by layer as the network is built.
struct Footprint {
    let precision: ComputePrecision
    let isTrained: Bool
    /// Elements of the 3×3 convolutions' weights in a checkpoint.
    private(set) var convolutionParameters = 0
    /// Their bytes in the layouts of forward and backward pass.
    private(set) var convolutionBytes = 0

    init(_ precision: ComputePrecision, isTrained: Bool) {
        (self.precision, self.isTrained) = (precision.supported, isTrained)
    }

    mutating func convolve(_ inputs: Int, _ outputs: Int, _ size: SampleSize, stride: Int = 1) {
        let shape = ConvolutionShape(
            inputs: inputs, outputs: outputs, height: size.height, width: size.width, stride: stride,
            precision: precision)
        convolutionParameters += shape.parameters
        convolutionBytes += shape.weightBytes + (isTrained ? shape.gradientWeightBytes : 0)
    }

    /// A ResNet block's two convolutions.
    mutating func resnet(_ inputs: Int, _ outputs: Int, _ size: SampleSize) {
        convolve(inputs, outputs, size)
        convolve(outputs, outputs, size)
    }

    /// Bytes of all weights of a network of so many parameters.
    func weights(of parameters: Int) -> Int {
        // f32 products have one copy of a matrix for both directions, bf16 ones a copy for each.
        let copies = isTrained && precision == .bf16 ? 2 : 1
        return convolutionBytes + max(parameters - convolutionParameters, 0) * precision.byteCount * copies
    }
}

extension SampleSize {
    var pixels: Int { height * width }

    /// After a convolution of stride 2.
    var halved: SampleSize { SampleSize(height: (height + 1) / 2, width: (width + 1) / 2) }

    var doubled: SampleSize { SampleSize(height: 2 * height, width: 2 * width) }
}

/// Of a UNet.
struct UNetFootprint {
    private(set) var weights: Footprint
    /// Elements alive at once in a pass that keeps nothing but the skip connections.
    private(set) var inference = 0
    /// Elements alive when everything is kept for the backward pass.
    private(set) var kept = 0
    /// Elements alive when only the stages' inputs are kept, and one stage is computed again.
    private(set) var recomputed = 0

    private var skips = 0
    private var inputs = 0
    private var largest = 0
    private var widest = 0

    init(_ unet: UNetConfiguration, _ size: SampleSize, _ precision: ComputePrecision, isTrained: Bool) {
        weights = Footprint(precision, isTrained: isTrained)
        let widths = unet.blockOutChannels
        var (size, channels) = (size, widths[0])
        var sizes: [SampleSize] = []
        var skipped = [channels]
        weights.convolve(unet.inChannels, channels, size)
        skips = size.pixels * channels
        for level in widths.indices {
            for _ in 0..<unet.layersPerBlock[level] {
                stage(
                    unet, level, channels, widths[level], size,
                    isCross: unet.downBlockTypes[level] == "CrossAttnDownBlock2D")
                channels = widths[level]
                skips += size.pixels * channels
                skipped.append(channels)
            }
            sizes.append(size)
            if level < widths.count - 1 {
                weights.convolve(channels, channels, size, stride: 2)
                size = size.halved
                skips += size.pixels * channels
                skipped.append(channels)
            }
        }
        stage(unet, widths.count - 1, channels, channels, size, isCross: true)
        stage(unet, widths.count - 1, channels, channels, size, isCross: false)
        for (index, level) in widths.indices.reversed().enumerated() {
            size = sizes[level]
            for _ in 0...unet.layersPerBlock[level] {
                stage(
                    unet, level, channels + skipped.removeLast(), widths[level], size,
                    isCross: unet.upBlockTypes[index] == "CrossAttnUpBlock2D")
                channels = widths[level]
            }
            if level > 0 { weights.convolve(channels, channels, sizes[level - 1]) }
        }
        weights.convolve(channels, unet.outChannels, size)
        inference = skips + widest
        recomputed = skips + inputs + largest
    }

    /// One ResNet block and the transformer after it.
    private mutating func stage(
        _ unet: UNetConfiguration, _ level: Int, _ inputs: Int, _ outputs: Int, _ size: SampleSize, isCross: Bool
    ) {
        weights.resnet(inputs, outputs, size)
        let pixels = size.pixels
        // Norm and convolution twice, the timestep, the sum, and a shortcut where the width changes.
        var count = pixels * (2 * inputs + (inputs == outputs ? 5 : 6) * outputs)
        var most = pixels * (inputs + 3 * outputs)
        if isCross {
            let inner = unet.attentionHeads[level] * (outputs / max(unet.attentionHeads[level], 1))
            // Two attentions (5 and 7 results), the feed-forward layer (norm, 8 wide, 4 wide, result, sum), and what the
            // adapter adds to six projections of pixels.
            count += pixels * (3 * outputs + inner * (12 + 15 + 18) * unet.transformerLayersPerBlock[level])
            most = max(most, pixels * 15 * inner)
        }
        kept += count
        self.inputs += pixels * inputs
        largest = max(largest, count)
        widest = max(widest, most)
    }
}

/// Of an auto-encoder's decoder.
struct DecoderFootprint {
    private(set) var weights: Footprint
    /// Parameters of the decoder, without biases and norms.
    private(set) var parameters = 0
    /// Elements alive at the largest level: a ResNet block's input, both of its inner results and its output.
    private(set) var activations = 0

    init(_ vae: VAEConfiguration, _ size: SampleSize, _ precision: ComputePrecision) {
        weights = Footprint(precision, isTrained: false)
        let widths = Array(vae.blockOutChannels.reversed())
        var (size, channels, others) = (size, widths[0], 0)
        weights.convolve(vae.latentChannels, channels, size)
        for _ in 0..<2 { weights.resnet(channels, channels, size) }
        if vae.hasMiddleAttention { others += 4 * channels * channels }
        for (level, width) in widths.enumerated() {
            for _ in 0...vae.layersPerBlock {
                weights.resnet(channels, width, size)
                if channels != width { others += channels * width }
                activations = max(activations, size.pixels * (channels + 3 * width))
                channels = width
            }
            if level < widths.count - 1 {
                size = size.doubled
                weights.convolve(channels, channels, size)
                activations = max(activations, size.pixels * 3 * channels)
            }
        }
        weights.convolve(channels, vae.outChannels, size)
        parameters = weights.convolutionParameters + others
    }
}
