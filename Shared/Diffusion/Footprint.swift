import TensorCore

/// The memory of a network: weights in the layouts in which they are used, and the buffers of a pass.
///
/// Counted from the configuration, layer by layer as the network is built. Buffers are kept for others of their size when
/// they are free again, so that a pass takes, for every size, as many as it ever has of it at once.
struct Footprint {
    let precision: ComputePrecision
    let isTrained: Bool
    /// Elements of the weights that were counted, in a checkpoint.
    private(set) var parameters = 0
    /// Elements that are read where the file has them.
    private(set) var elementsOfFile = 0
    private var packedBytes = 0
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
        count(shape)
    }

    /// Matrices of linear layers.
    mutating func multiply(_ inputs: Int, _ outputs: Int, times: Int = 1) {
        let shape = ConvolutionShape(
            inputs: inputs, outputs: outputs, height: 1, width: 1, kernel: 1, precision: precision)
        for _ in 0..<times { count(shape) }
    }

    private mutating func count(_ shape: ConvolutionShape) {
        let memory = shape.weightMemory(isTrained: isTrained)
        parameters += shape.parameters
        packedBytes += memory.bytes
        if memory.readsFile { elementsOfFile += shape.parameters }
    }

    mutating func keep(_ elements: Int, _ count: Int = 1) { lasting[elements, default: 0] += count }

    /// The buffers that one stage has at once.
    mutating func use(_ counts: [(elements: Int, count: Int)]) {
        var sums: [Int: Int] = [:]
        for (elements, count) in counts { sums[elements, default: 0] += count }
        passing.merge(sums, uniquingKeysWith: max)
    }

    /// Bytes of all weights, of whose elements each takes `stored` bytes in the file.
    func weights(stored: Int) -> Int { packedBytes + stored * elementsOfFile }

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
