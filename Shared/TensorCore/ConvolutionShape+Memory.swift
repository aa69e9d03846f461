extension ConvolutionShape {
    /// One sample's convolution that keeps the size, or halves it with a stride of 2.
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

    /// Bytes of the weights in the layout that the convolution keeps them in.
    public var weightBytes: Int {
        // F(4×4, 3×3) has 6×6 numbers, always f32, for each kernel.
        suitsWinograd ? 36 * 4 * inputs * outputs : precision.byteCount * parameters
    }

    /// The same for the gradient at the input, which has a layout of its own.
    public var gradientWeightBytes: Int { stride == 1 ? turned.weightBytes : precision.byteCount * parameters }
}

extension ComputePrecision {
    /// Bytes of one number.
    public var byteCount: Int { self == .bf16 ? 2 : 4 }
}
