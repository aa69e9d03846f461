extension ConvolutionShape {
    /// One sample's convolution that keeps the size, or halves it with a stride of 2; a matrix has a kernel of 1.
    public init(
        inputs: Int, outputs: Int, height: Int, width: Int, kernel: Int = 3, stride: Int = 1,
        precision: ComputePrecision
    ) {
        self.init(
            samples: 1, height: height, width: width, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride,
            paddingBefore: kernel / 2, paddingAfter: kernel / 2, hasBias: true, precision: precision.supported)
    }

    /// Elements of the weights as a checkpoint has them.
    public var parameters: Int { inputs * outputs * kernel * kernel }

    /// What weights take in memory.
    public struct WeightMemory {
        /// Bytes in layouts of our own.
        public var kept = 0
        /// Bytes that are needed only during the convolution.
        public var passing = 0
        /// Whether elements are read where the file has them.
        public var readsFile = false
    }

    /// What the weights take in memory; where the gradient at the input is asked for too, it has a layout of its own.
    public func weightMemory(isTrained: Bool) -> WeightMemory {
        var memory = WeightMemory()
        for direction in isTrained ? [ConvolutionDirection.forward, .backwardInput] : [.forward] {
            if WinogradConvolution(self, isGradient: direction == .backwardInput) != nil {
                // F(4×4, 3×3) has 6×6 numbers, always f32, for each kernel.
                let bytes = 36 * 4 * inputs * outputs
                if keepsWinogradWeights {
                    memory.kept += bytes
                } else {
                    memory.passing = max(memory.passing, bytes)
                    memory.readsFile = true
                }
            } else if let product = ImplicitProduct(self, direction), !product.packs(parameters) {
                memory.readsFile = true
            } else {
                memory.kept += precision.byteCount * parameters
            }
        }
        return memory
    }
}

extension ComputePrecision {
    /// Bytes of one number.
    public var byteCount: Int { self == .bf16 ? 2 : 4 }
}
