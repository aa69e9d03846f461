import TensorCore
import Testing

/// `Tensor` against the definitions of its operations, for shapes that no block size divides.
struct TensorTests {
    /// Standard normal numbers; different for each `stream`.
    static func gaussian(_ shape: [Int], _ stream: UInt64 = 0) -> Tensor {
        Noise(seed: 11, unit: stream, purpose: .experiment).gaussian(shape: shape)
    }

    /// Expects the elements of `ours` to differ by at most `tolerance` of the largest.
    private func expectClose(
        _ ours: Tensor, _ expected: Naive.Values, tolerance: Double = 1e-5,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(ours.shape == expected.shape, sourceLocation: sourceLocation)
        guard ours.count == expected.elements.count else { return }
        let largest = expected.elements.reduce(0) { max($0, abs($1)) }
        let errors = zip(ours.scalars, expected.elements).map { abs(Double($0) - $1) }
        #expect(errors.allSatisfy { $0 <= tolerance * largest }, sourceLocation: sourceLocation)
    }

    /// An operation that writes into its tensor.
    struct Mutation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let apply: @Sendable (inout Tensor) -> Void
    }

    static let mutations = [
        Mutation(testDescription: "buffer") { $0.withUnsafeMutableBuffer { $0[0] = 100 } },
        Mutation(testDescription: "accumulate") { $0.accumulate(Tensor(repeating: 100, shape: $0.shape)) },
        Mutation(testDescription: "scatterAdd") { $0.scatterAdd(Tensor([100, 0], shape: [1, 2]), at: [0]) },
        Mutation(testDescription: "applyAdamW") { tensor in
            var (first, second) = (Tensor(zeros: tensor.shape), Tensor(zeros: tensor.shape))
            let step = AdamWStep(
                learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, correction1: 0.1,
                correction2: 0.001, gradientScale: 1)
            tensor.applyAdamW(
                step, gradient: Tensor(repeating: 1, shape: tensor.shape), first: &first, second: &second)
        },
    ]

    @Test(arguments: mutations) func copiesWhenWrittenWhileShared(_ mutation: Mutation) {
        var tensor = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        let (copy, reshaped) = (tensor, tensor.reshaped([2, 3]))
        mutation.apply(&tensor)
        #expect(tensor.scalar(0) != 1)
        #expect(copy.scalars == [1, 2, 3, 4, 5, 6])
        #expect(reshaped.scalars == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [[3, 4], [-1, 4], [2, -1, 3], [12, -1]]) func reshapesWithoutMovingElements(_ shape: [Int]) {
        let tensor = Self.gaussian([2, 6])
        #expect(tensor.reshaped(shape).scalars == tensor.scalars)
        #expect(tensor.reshaped(shape).shape.reduce(1, *) == 12)
    }

    /// Large pictures of many channels go through Winograd's algorithm, whole or strip by strip.
    @Test(arguments: [[2, 13, 18, 32, 64], [3, 16, 16, 64, 32], [1, 70, 66, 48, 48]])
    func convolvesLargePicturesAsDefined(_ extents: [Int]) {
        let (inputs, outputs) = (extents[3], extents[4])
        let input = Self.gaussian(Array(extents[0...3]), 1)
        let (weight, bias) = (Self.gaussian([outputs, inputs, 3, 3], 2), Self.gaussian([outputs], 3))
        expectClose(
            input.convolved(weight: weight, bias: bias, padding: (1, 1)),
            Naive.convolution(input, weight: weight, bias: bias, stride: 1, padding: (1, 1)))
        let gradient = Self.gaussian(Array(extents[0...2]) + [outputs], 4)
        var turned = Tensor(zeros: [inputs, outputs, 3, 3])
        turned.withUnsafeMutableBuffer { turned in
            for place in 0..<turned.count {
                let (input, output, tap) = (place / 9 / outputs, place / 9 % outputs, place % 9)
                turned[place] = weight.scalar((output * inputs + input) * 9 + 8 - tap)
            }
        }
        expectClose(
            gradient.convolutionInputGradient(
                inputShape: input.shape, weight: weight, stride: 1, padding: (1, 1)),
            Naive.convolution(gradient, weight: turned, bias: nil, stride: 1, padding: (1, 1)))
    }

    struct Product: Sendable { let rows, outputs, inputs: Int }

    static let products = [
        Product(rows: 1, outputs: 1, inputs: 1), Product(rows: 3, outputs: 5, inputs: 7),
        Product(rows: 17, outputs: 33, inputs: 65), Product(rows: 129, outputs: 31, inputs: 63),
        Product(rows: 5, outputs: 257, inputs: 3),
    ]

    @Test(arguments: products) func multipliesMatricesAsDefined(_ product: Product) {
        let input = Self.gaussian([product.rows, product.inputs], 1)
        let weight = Self.gaussian([product.outputs, product.inputs], 2)
        let bias = Self.gaussian([product.outputs], 3)
        let gradient = Self.gaussian([product.rows, product.outputs], 4)
        var expected = Naive.product(input, weight, transposed: (false, true))
        expectClose(input.linear(weight: weight, bias: nil), expected)
        for row in 0..<product.rows {
            for output in 0..<product.outputs { expected[row, output] += Double(bias.scalar(output)) }
        }
        expectClose(input.linear(weight: weight, bias: bias), expected)
        expectClose(gradient.linearInputGradient(weight: weight), Naive.product(gradient, weight))
        expectClose(
            gradient.linearWeightGradient(input: input), Naive.product(gradient, input, transposed: (true, false)))
    }

    struct Convolved: Sendable {
        let input: [Int]
        let outputs, kernel, stride, before, after: Int

        var weight: Tensor { gaussian([outputs, input[3], kernel, kernel], 2) }
    }

    static let convolutions = [
        Convolved(input: [1, 5, 7, 3], outputs: 2, kernel: 3, stride: 1, before: 1, after: 1),
        Convolved(input: [2, 6, 9, 5], outputs: 7, kernel: 1, stride: 1, before: 0, after: 0),
        Convolved(input: [3, 7, 5, 16], outputs: 17, kernel: 3, stride: 2, before: 1, after: 1),
        Convolved(input: [2, 8, 6, 4], outputs: 4, kernel: 3, stride: 2, before: 0, after: 1),
        Convolved(input: [2, 9, 7, 33], outputs: 32, kernel: 3, stride: 2, before: 0, after: 1),
        Convolved(input: [1, 11, 8, 2], outputs: 3, kernel: 5, stride: 3, before: 2, after: 0),
        Convolved(input: [1, 3, 4, 45], outputs: 90, kernel: 1, stride: 2, before: 0, after: 0),
        Convolved(input: [2, 4, 3, 600], outputs: 500, kernel: 1, stride: 2, before: 0, after: 0),
        Convolved(input: [2, 5, 3, 320], outputs: 100, kernel: 3, stride: 1, before: 1, after: 1),
        Convolved(input: [1, 20, 20, 52], outputs: 80, kernel: 1, stride: 1, before: 0, after: 0),
    ]

    @Test(arguments: convolutions, [false, true]) func convolvesAsDefined(_ shape: Convolved, hasBias: Bool) {
        let (input, weight) = (Self.gaussian(shape.input, 1), shape.weight)
        let bias = hasBias ? Self.gaussian([shape.outputs], 3) : nil
        let padding = (before: shape.before, after: shape.after)
        expectClose(
            input.convolved(weight: weight, bias: bias, stride: shape.stride, padding: padding),
            Naive.convolution(input, weight: weight, bias: bias, stride: shape.stride, padding: padding))
    }

    /// A convolution is linear in its input and in its weight, so both gradients are determined by products.
    @Test(arguments: convolutions) func convolutionGradientsAreTheAdjoint(_ shape: Convolved) throws {
        let (input, weight) = (Self.gaussian(shape.input, 1), shape.weight)
        let padding = (before: shape.before, after: shape.after)
        let output = input.convolved(weight: weight, bias: nil, stride: shape.stride, padding: padding)
        let gradient = Self.gaussian(output.shape, 4)
        let atInput = gradient.convolutionInputGradient(
            inputShape: input.shape, weight: weight, stride: shape.stride, padding: padding)
        let atParameters = gradient.convolutionWeightGradient(
            input: input, weightShape: weight.shape, hasBias: true, stride: shape.stride, padding: padding)
        for probe in UInt64(5)..<8 {
            let (direction, other) = (Self.gaussian(input.shape, probe), Self.gaussian(weight.shape, probe))
            let along = direction.convolved(weight: weight, bias: nil, stride: shape.stride, padding: padding)
            #expect(abs(dot(gradient, along) - dot(atInput, direction)) < 1e-5 * norm(gradient) * norm(along))
            let across = input.convolved(weight: other, bias: nil, stride: shape.stride, padding: padding)
            #expect(abs(dot(gradient, across) - dot(atParameters.weight, other)) < 1e-5 * norm(gradient) * norm(across))
        }
        let ones = Tensor(repeating: 1, shape: [gradient.count / shape.outputs, 1])
        let sums = Naive.product(ones, gradient.reshaped([-1, shape.outputs]), transposed: (true, false))
        expectClose(try #require(atParameters.bias).reshaped([1, -1]), sums)
    }

    private func dot(_ a: Tensor, _ b: Tensor) -> Double {
        zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    private func norm(_ a: Tensor) -> Double { a.sumOfSquares.squareRoot() }

    @Test(arguments: convolutions) func forgetsPackedWeightsWhenValuesChange(_ shape: Convolved) {
        let (input, padding) = (Self.gaussian(shape.input, 1), (before: shape.before, after: shape.after))
        func run(_ weight: Tensor) -> [[Float]] {
            let output = input.convolved(weight: weight, bias: nil, stride: shape.stride, padding: padding)
            let gradient = output.convolutionInputGradient(
                inputShape: input.shape, weight: weight, stride: shape.stride, padding: padding)
            return [output.scalars, gradient.scalars]
        }
        var weight = shape.weight
        let before = run(weight)
        let shared = weight
        weight.accumulate(Self.gaussian(weight.shape, 3))
        let copied = run(weight)
        #expect(copied == run(Tensor(weight.scalars, shape: weight.shape)))
        #expect(copied != before)
        #expect(run(shared) == before)
        weight.accumulate(Self.gaussian(weight.shape, 4))
        let inPlace = run(weight)
        #expect(inPlace == run(Tensor(weight.scalars, shape: weight.shape)))
        #expect(inPlace != copied)
    }

    struct Normalized: Sendable { let samples, places, channels, groups: Int }

    static let normalized = [
        Normalized(samples: 1, places: 1, channels: 6, groups: 2),
        Normalized(samples: 2, places: 35, channels: 12, groups: 3),
        Normalized(samples: 3, places: 63, channels: 32, groups: 32),
        Normalized(samples: 2, places: 17, channels: 34, groups: 1),
    ]

    @Test(arguments: normalized, [false, true]) func normalizesGroupsAsDefined(_ shape: Normalized, silu: Bool) {
        // A mean far from zero, where one pass over squares in f32 would lose the variance.
        let input = Self.gaussian([shape.samples, shape.places, shape.channels], 1)
            .combined(1, Tensor(repeating: 30, shape: [shape.samples, shape.places, shape.channels]), 1)
        let (weight, bias) = (Self.gaussian([shape.channels], 2), Self.gaussian([shape.channels], 3))
        let (ours, _) = input.groupNormalized(
            groups: shape.groups, epsilon: 1e-5, weight: weight, bias: bias, silu: silu)
        expectClose(
            ours,
            Naive.groupNorm(
                input, groups: shape.groups, epsilon: 1e-5, weight: weight, bias: bias, silu: silu),
            tolerance: 1e-4)
    }

    struct Attended: Sendable {
        let samples, queries, keys, heads, width: Int
        let causal: Bool
    }

    /// Blocks have 256 query rows, or fewer where there are more than 256 keys.
    static let attended = [
        Attended(samples: 2, queries: 5, keys: 3, heads: 3, width: 7, causal: false),
        Attended(samples: 1, queries: 300, keys: 300, heads: 2, width: 8, causal: false),
        Attended(samples: 1, queries: 300, keys: 300, heads: 2, width: 8, causal: true),
        Attended(samples: 2, queries: 515, keys: 9, heads: 1, width: 5, causal: false),
        Attended(samples: 1, queries: 17, keys: 4099, heads: 1, width: 4, causal: false),
    ]

    @Test(arguments: attended) func attendsAsDefined(_ shape: Attended) {
        let channels = shape.heads * shape.width
        let queries = Self.gaussian([shape.samples, shape.queries, channels], 1)
        let keys = Self.gaussian([shape.samples, shape.keys, channels], 2)
        let values = Self.gaussian([shape.samples, shape.keys, channels], 3)
        expectClose(
            queries.attending(keys: keys, values: values, heads: shape.heads, causal: shape.causal),
            Naive.attention(queries, keys: keys, values: values, heads: shape.heads, causal: shape.causal))
    }

    /// An operation whose result must not depend on the number of threads.
    struct Operation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let run: @Sendable () -> [Tensor]

        init(_ name: String, _ run: @escaping @Sendable () -> [Tensor]) { (testDescription, self.run) = (name, run) }
    }

    static let threaded: [Operation] = {
        // Made once, so that both runs use the same weights and what was packed of them.
        let pixels = gaussian([3, 17, 19, 24], 1)
        let (weight, scale) = (gaussian([40, 24, 3, 3], 2), gaussian([24], 3))
        let gradient = gaussian([3, 17, 19, 40], 4)
        let tokens = gaussian([3, 323, 24], 1)
        return [
            Operation("linear") {
                let matrix = gaussian([70, 24], 5)
                let output = tokens.linear(weight: matrix, bias: nil)
                return [output, output.linearInputGradient(weight: matrix), output.linearWeightGradient(input: tokens)]
            },
            Operation("convolution") {
                let parameters = gradient.convolutionWeightGradient(
                    input: pixels, weightShape: weight.shape, hasBias: false, stride: 1, padding: (1, 1))
                return [
                    pixels.convolved(weight: weight, bias: nil, padding: (1, 1)),
                    pixels.convolved(weight: weight, bias: nil, stride: 2, padding: (0, 1)),
                    gradient.convolutionInputGradient(
                        inputShape: pixels.shape, weight: weight, stride: 1, padding: (1, 1)), parameters.weight,
                ]
            },
            Operation("group norm") {
                let (output, statistics) = pixels.groupNormalized(
                    groups: 6, epsilon: 1e-5, weight: scale, bias: scale, silu: true)
                let gradients = pixels.groupNormalizedGradient(
                    groups: 6, weight: scale, bias: scale, silu: true, statistics: statistics, gradient: output,
                    parameters: true)
                return [output, gradients.input] + [gradients.weight, gradients.bias].compactMap { $0 }
            },
            Operation("attention") {
                let output = tokens.attending(keys: tokens, values: tokens, heads: 3)
                let gradients = tokens.attendingGradient(
                    keys: tokens, values: tokens, heads: 3, causal: false, output: output, gradient: tokens)
                return [output, gradients.queries, gradients.keys, gradients.values]
            },
            Operation("element by element") {
                [tokens.activated(.gelu), tokens.geglu(), tokens.adding(tokens), pixels.upsampled(), pixels.toNCHW()]
            },
            Operation("sums") { [tokens.summedRows(), tokens.summedPerSample()] },
        ]
    }()

    @Test(arguments: threaded) func givesTheSameWithOneThreadAndWithTwo(_ operation: Operation) {
        let usual = ComputeThreads.current
        defer { ComputeThreads.set(usual) }
        ComputeThreads.set(1)
        let alone = operation.run()
        ComputeThreads.set(2)
        #expect(ComputeThreads.current == 2)
        for (one, two) in zip(alone, operation.run()) {
            expectClose(two, Naive.Values(one), tolerance: 1e-6)
        }
    }
}
