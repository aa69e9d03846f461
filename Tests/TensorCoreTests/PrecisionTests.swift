import TensorCore
import Testing

/// Activations in bf16 against the same operations in f32: they differ by rounding, and by nothing else.
@Suite(.enabled(if: ComputePrecision.bf16.supported == .bf16, "this processor has no bf16 instructions"))
struct PrecisionTests {
    private func gaussian(_ shape: [Int], _ stream: UInt64 = 0) -> Tensor { TensorTests.gaussian(shape, stream) }

    /// Expects that `low`, in bf16, is `exact` up to a few roundings of 2⁻⁸.
    private func expectRounded(
        _ low: Tensor, _ exact: Tensor, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(low.precision == .bf16 && low.shape == exact.shape, sourceLocation: sourceLocation)
        let largest = exact.scalars.reduce(0) { max($0, abs($1)) }
        let error = zip(low.widened().scalars, exact.scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(error <= 0.01 * largest && error > 0, sourceLocation: sourceLocation)
    }

    @Test func roundsToTheNearestWithTiesToEven() {
        let values: [Float] = [1, 1.00390625, 1.01171875, -1.00390625, 3.0e38, 0, -0.0, .leastNonzeroMagnitude]
        let rounded = Tensor(values, shape: [8]).converted(to: .bf16).widened().scalars
        #expect(rounded[0...3] == [1, 1, 1.015625, -1])
        #expect(abs(rounded[4] / 3.0e38 - 1) < 0.004)
        #expect(rounded[5] == 0 && rounded[6].sign == .minus)
    }

    @Test func notANumberStaysOne() {
        let rounded = Tensor([.nan, .infinity, -.infinity], shape: [3]).converted(to: .bf16).widened().scalars
        #expect(rounded[0].isNaN)
        #expect(rounded[1...] == [.infinity, -.infinity])
    }

    @Test(arguments: [(17, 24, 40), (3, 64, 32), (130, 33, 7)])
    func linearLayersWithResiduals(_ rows: Int, _ inputs: Int, _ outputs: Int) {
        let (x, weight, bias) = (gaussian([rows, inputs], 1), gaussian([outputs, inputs], 2), gaussian([outputs], 3))
        let residual = gaussian([rows, outputs], 4)
        expectRounded(
            x.converted(to: .bf16).linear(weight: weight, bias: bias, adding: residual.converted(to: .bf16)),
            x.linear(weight: weight, bias: bias).adding(residual))
    }

    @Test(arguments: [(1, 2, 5, 3), (2, 16, 9, 32), (1, 256, 64, 256)])
    func convolutionsWithResiduals(_ samples: Int, _ inputs: Int, _ side: Int, _ outputs: Int) {
        let (x, weight) = (gaussian([samples, side, side, inputs], 1), gaussian([outputs, inputs, 3, 3], 2))
        let (bias, residual) = (gaussian([outputs], 3), gaussian([samples, side, side, outputs], 4))
        let low = x.converted(to: .bf16)
        expectRounded(
            low.convolved(weight: weight, bias: bias, padding: (1, 1), adding: residual.converted(to: .bf16)),
            x.convolved(weight: weight, bias: bias, padding: (1, 1)).adding(residual))
        #expect(low.convolved(weight: weight, bias: bias, padding: (1, 1), output: .f32).precision == .f32)
    }

    @Test func lowRankUpdates() {
        let (x, y) = (gaussian([7, 40], 1), gaussian([7, 24], 2))
        let (down, up) = (gaussian([5, 40], 3), gaussian([24, 5], 4))
        var (exact, low) = (y, y.converted(to: .bf16))
        exact.addLowRank(x, down: down, up: up, scale: 0.3)
        low.addLowRank(x.converted(to: .bf16), down: down, up: up, scale: 0.3)
        let product = x.linear(weight: down, bias: nil).linear(weight: up, bias: nil)
        #expect(zip(exact.scalars, y.combined(1, product, 0.3).scalars).allSatisfy { abs($0 - $1) < 1e-4 })
        expectRounded(low, exact)
    }

    @Test(arguments: [false, true]) func normalisations(_ silu: Bool) {
        let (x, weight, bias) = (gaussian([2, 5, 7, 36], 1), gaussian([36], 2), gaussian([36], 3))
        let (low, added) = (x.converted(to: .bf16), gaussian([2, 36], 4))
        expectRounded(
            low.groupNormalized(groups: 4, epsilon: 1e-5, weight: weight, bias: bias, silu: silu, adding: added).0,
            x.groupNormalized(groups: 4, epsilon: 1e-5, weight: weight, bias: bias, silu: silu, adding: added).0)
        expectRounded(
            low.layerNormalized(epsilon: 1e-5, weight: weight, bias: bias).0,
            x.layerNormalized(epsilon: 1e-5, weight: weight, bias: bias).0)
    }

    @Test(arguments: [false, true]) func attention(_ causal: Bool) {
        let (q, k, v) = (gaussian([2, 70, 40], 1), gaussian([2, 70, 40], 2), gaussian([2, 70, 40], 3))
        expectRounded(
            q.converted(to: .bf16).attending(
                keys: k.converted(to: .bf16), values: v.converted(to: .bf16), heads: 2, causal: causal),
            q.attending(keys: k, values: v, heads: 2, causal: causal))
    }

    @Test func mapsAndLayouts() {
        let (x, y) = (gaussian([2, 3, 4, 10], 1), gaussian([2, 3, 4, 10], 2))
        let (low, other) = (x.converted(to: .bf16), y.converted(to: .bf16))
        expectRounded(low.adding(other), x.adding(y))
        expectRounded(low.activated(.silu), x.activated(.silu))
        expectRounded(low.geglu(), x.geglu())
        expectRounded(low.concatenatingChannels(other), x.concatenatingChannels(y))
        expectRounded(low.upsampled(), x.upsampled())
    }
}
