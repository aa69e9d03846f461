import TensorCore

/// The memory of a network: weights in the layouts in which they are used, and the buffers of a pass.
///
/// Counted from the configuration, layer by layer as the network is built.
struct Footprint {
    let precision: ComputePrecision
    let isTrained: Bool
    /// Elements of the weights that were counted, in a checkpoint.
    private(set) var parameters = 0
    /// Elements that are read where the file has them.
    private(set) var elementsOfFile = 0
    private var keptBytes = 0
    /// The most that one layer's weights need while it is computed.
    private var passingBytes = 0
    /// Elements of one sample's buffers that live until the end.
    private var lasting = 0
    /// The most elements of one sample's buffers that a stage has at once beside them.
    private var passing = 0

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
        keptBytes += memory.kept
        passingBytes = max(passingBytes, memory.passing)
        if memory.readsFile { elementsOfFile += shape.parameters }
    }

    mutating func keep(_ elements: Int, _ count: Int = 1) { lasting += elements * count }

    /// The buffers that one stage has at once.
    mutating func use(_ counts: [(elements: Int, count: Int)]) {
        passing = max(passing, counts.reduce(0) { $0 + $1.elements * $1.count })
    }

    /// Bytes of all weights, of whose elements each takes `stored` bytes in the file.
    func weights(stored: Int) -> Int { keptBytes + passingBytes + stored * elementsOfFile }

    /// Elements of one sample's buffers.
    var activations: Int { lasting + passing }
}

extension SampleSize {
    var pixels: Int { height * width }

    /// After a convolution of stride 2.
    var halved: SampleSize { SampleSize(height: (height + 1) / 2, width: (width + 1) / 2) }

    var doubled: SampleSize { SampleSize(height: 2 * height, width: 2 * width) }
}
