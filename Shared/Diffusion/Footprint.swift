import TensorCore

/// The memory of a network: weights in the layouts in which they are used, and the buffers of a pass.
///
/// Counted from the configuration, layer by layer as the network is built. Buffers are kept for others of their size when
/// they are free again, so that a pass takes, for every size, as many as it ever has of it at once.
struct Footprint {
    let precision: ComputePrecision
    let isTrained: Bool
    /// Elements of the 3×3 convolutions' weights in a checkpoint.
    private(set) var convolutionParameters = 0
    private var convolutionBytes = 0
    /// Sizes of weights that are read into a buffer before they get their layout.
    private var read: Set<Int> = []
    /// Sizes of the strips that Winograd's algorithm works on.
    private var strips: Set<Int> = []
    /// Buffers of one sample that live until the end, by their elements.
    private var lasting: [Int: Int] = [:]
    /// The most buffers of one sample that a stage has at once, by their elements.
    private var passing: [Int: Int] = [:]

    init(_ precision: ComputePrecision, isTrained: Bool) {
        (self.precision, self.isTrained) = (precision.supported, isTrained)
    }

    mutating func convolve(_ inputs: Int, _ outputs: Int, _ size: SampleSize, stride: Int = 1) {
        let shape = ConvolutionShape(
            inputs: inputs, outputs: outputs, height: size.height, width: size.width, stride: stride,
            precision: precision)
        convolutionParameters += shape.parameters
        convolutionBytes += shape.weightBytes + (isTrained ? shape.gradientWeightBytes : 0)
        read.insert(shape.parameters)
        if shape.weightBytes > precision.byteCount * shape.parameters {
            for channels in [inputs, outputs] { strips.insert(channels * min(size.pixels, 4096)) }
        }
    }

    /// A matrix of a linear layer, which is read as it is unless products are bf16.
    mutating func multiply(_ inputs: Int, _ outputs: Int) {
        if precision == .bf16 { read.insert(inputs * outputs) }
    }

    mutating func keep(_ elements: Int, _ count: Int = 1) { lasting[elements, default: 0] += count }

    /// The buffers that one stage has at once.
    mutating func use(_ counts: [(elements: Int, count: Int)]) {
        var sums: [Int: Int] = [:]
        for (elements, count) in counts { sums[elements, default: 0] += count }
        passing.merge(sums, uniquingKeysWith: max)
    }

    /// Bytes of all weights of a network of so many parameters, with what reading them and working on them takes.
    func weights(of parameters: Int) -> Int {
        // f32 products have one copy of a matrix for both directions, bf16 ones a copy for each.
        let copies = isTrained && precision == .bf16 ? 2 : 1
        return convolutionBytes + max(parameters - convolutionParameters, 0) * precision.byteCount * copies
            + 4 * (read.reduce(0, +) + strips.reduce(0, +))
    }

    /// Elements of one sample's buffers.
    var activations: Int {
        let all = lasting.merging(passing, uniquingKeysWith: +)
        return all.reduce(0) { $0 + $1.key * $1.value }
    }
}

extension SampleSize {
    var pixels: Int { height * width }

    /// After a convolution of stride 2.
    var halved: SampleSize { SampleSize(height: (height + 1) / 2, width: (width + 1) / 2) }

    var doubled: SampleSize { SampleSize(height: 2 * height, width: 2 * width) }
}
