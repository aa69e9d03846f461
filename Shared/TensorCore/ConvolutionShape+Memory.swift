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

    /// What the weights take in memory.
    ///
    /// - Parameter isTrained: whether the gradient at the input is asked for too, which has a layout of its own.
    /// - Returns: bytes in layouts of our own, and whether the elements are read where the file has them beside that.
    public func weightMemory(isTrained: Bool) -> (bytes: Int, readsFile: Bool) {
        let layouts = [packedBytes(.forward)] + (isTrained ? [packedBytes(.backwardInput)] : [])
        return (layouts.reduce(0) { $0 + ($1 ?? 0) }, layouts.contains(nil))
    }

    /// Bytes of the weights in a direction's own layout, `nil` where they are read from the file.
    private func packedBytes(_ direction: ConvolutionDirection) -> Int? {
        // F(4×4, 3×3) has 6×6 numbers, always f32, for each kernel.
        let winograd = WinogradConvolution(self, isGradient: direction == .backwardInput)
        if winograd != nil { return 36 * 4 * inputs * outputs }
        if let product = ImplicitProduct(self, direction), !product.packs(parameters) { return nil }
        return precision.byteCount * parameters
    }
}

extension ComputePrecision {
    /// Bytes of one number.
    public var byteCount: Int { self == .bf16 ? 2 : 4 }
}
