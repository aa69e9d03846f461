import Autograd
import TensorCore

extension GradientCheck {
    /// Every rule of the tape, at shapes that no vector width divides.
    static let table: [GradientCheck] = arithmetic + layers + attention + structure + losses

    private static let arithmetic = [
        GradientCheck("a + b", [[3, 7], [3, 7]]) { $0[0] + $0[1] },
        GradientCheck("a - b", [[3, 7], [3, 7]]) { $0[0] - $0[1] },
        GradientCheck("a · b", [[3, 7], [3, 7]]) { $0[0] * $0[1] },
        GradientCheck("one variable twice", [[3, 7]]) { $0[0] * $0[0] + $0[0] },
        GradientCheck("factor · x", [[5, 5]]) { -1.7 * $0[0] },
        GradientCheck("combined", [[2, 9], [2, 9]]) { $0[0].combined(0.3, $0[1], -2) },
        GradientCheck("combined per sample", [[3, 2, 5], [3, 2, 5]]) {
            $0[0].combined([0.5, -1, 2], $0[1], [1.5, 0, -0.25])
        },
        GradientCheck("adding per sample", [[2, 3, 2, 5], [2, 5]]) { $0[0].addingPerSample($0[1]) },
        GradientCheck("adding rows", [[3, 4, 5], [4, 5]]) { $0[0].addingRows($0[1]) },
        GradientCheck("silu", [[4, 19]]) { $0[0].activated(.silu) },
        GradientCheck("gelu", [[4, 19]]) { $0[0].activated(.gelu) },
        GradientCheck("quick gelu", [[4, 19]]) { $0[0].activated(.quickGELU) },
        GradientCheck("tanh", [[4, 19]]) { $0[0].activated(.tanh) },
        GradientCheck("relu", [[4, 19]], minimumMagnitude: 0.1) { $0[0].activated(.relu) },
        GradientCheck("geglu", [[3, 2, 38]]) { $0[0].geglu() },
    ]

    private static let layers = [
        GradientCheck("linear", [[2, 3, 5], [7, 5], [7]]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
        GradientCheck("linear without bias", [[4, 5], [3, 5]]) { $0[0].linear(weight: $0[1], bias: nil) },
        GradientCheck("linear with a 1×1 convolution's weight", [[2, 2, 3, 5], [4, 5, 1, 1], [4]]) {
            $0[0].linear(weight: $0[1], bias: $0[2])
        },
        GradientCheck("linear with a residual", [[4, 5], [3, 5], [3], [4, 3]]) {
            $0[0].linear(weight: $0[1], bias: $0[2], adding: $0[3])
        },
        GradientCheck("linear with a low-rank update", [[4, 5], [7, 5], [7], [2, 5], [7, 2]]) {
            $0[0].linear(
                weight: $0[1], bias: $0[2], update: LowRankUpdate(down: $0[3], up: $0[4], scale: 0.7))
        },
        GradientCheck("linear with a residual and a low-rank update", [[4, 5], [7, 5], [4, 7], [3, 5], [7, 3]]) {
            $0[0].linear(
                weight: $0[1], bias: nil, adding: $0[2], update: LowRankUpdate(down: $0[3], up: $0[4], scale: -2))
        },
        GradientCheck("convolution with a residual", [[1, 4, 4, 2], [3, 2, 3, 3], [3], [1, 4, 4, 3]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], padding: (1, 1), adding: $0[3])
        },
        GradientCheck("group norm of a sum per sample", [[2, 3, 2, 6], [6], [6], [2, 6]]) {
            $0[0].groupNormalized(
                groups: 2, epsilon: 1e-5, weight: $0[1], bias: $0[2], silu: true, adding: $0[3])
        },
        GradientCheck("depthwise convolution", [[2, 5, 4, 3]]) {
            $0[0].convolvedDepthwise(weight: depthwise(3, 3), bias: Tensor([1, 2, 3], shape: [3]), padding: (1, 1))
        },
        GradientCheck("depthwise convolution in steps of two", [[1, 6, 7, 2]]) {
            $0[0].convolvedDepthwise(weight: depthwise(5, 2), bias: nil, stride: 2, padding: (1, 2))
        },
        GradientCheck("multiplying per sample", [[2, 3, 2, 5], [2, 5]]) { $0[0].multiplyingPerSample($0[1]) },
        GradientCheck("convolution", [[2, 5, 4, 3], [5, 3, 3, 3], [5]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], padding: (1, 1))
        },
        GradientCheck("convolution without bias", [[1, 4, 4, 2], [3, 2, 3, 3]]) {
            $0[0].convolved(weight: $0[1], bias: nil, padding: (1, 1))
        },
        GradientCheck("convolution without padding", [[1, 5, 4, 2], [3, 2, 3, 3], [3]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], padding: (0, 0))
        },
        GradientCheck("convolution, stride 2", [[2, 6, 4, 3], [4, 3, 3, 3], [4]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], stride: 2, padding: (1, 1))
        },
        GradientCheck("convolution, stride 2, padding after only", [[2, 6, 4, 3], [4, 3, 3, 3], [4]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], stride: 2, padding: (0, 1))
        },
        GradientCheck("1×1 convolution", [[2, 3, 3, 5], [4, 5, 1, 1], [4]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], padding: (0, 0))
        },
        GradientCheck("convolution of 16 channels", [[1, 3, 3, 16], [16, 16, 3, 3], [16]]) {
            $0[0].convolved(weight: $0[1], bias: $0[2], padding: (1, 1))
        },
        GradientCheck("group norm", [[2, 3, 2, 6], [6], [6]]) {
            $0[0].groupNormalized(groups: 3, epsilon: 1e-5, weight: $0[1], bias: $0[2], silu: false)
        },
        GradientCheck("group norm and silu", [[2, 3, 2, 6], [6], [6]]) {
            $0[0].groupNormalized(groups: 2, epsilon: 1e-5, weight: $0[1], bias: $0[2], silu: true)
        },
        GradientCheck("group norm of 18 channels in 2 groups", [[1, 2, 3, 36], [36], [36]]) {
            $0[0].groupNormalized(groups: 2, epsilon: 1e-5, weight: $0[1], bias: $0[2], silu: true)
        },
        GradientCheck("layer norm", [[2, 3, 19], [19], [19]]) {
            $0[0].layerNormalized(epsilon: 1e-5, weight: $0[1], bias: $0[2])
        },
    ]

    private static let attention = [
        GradientCheck("self-attention", [[2, 5, 6], [2, 5, 6], [2, 5, 6]]) {
            $0[0].attending(keys: $0[1], values: $0[2], heads: 2)
        },
        GradientCheck("cross-attention", [[2, 5, 6], [2, 3, 6], [2, 3, 6]]) {
            $0[0].attending(keys: $0[1], values: $0[2], heads: 3)
        },
        GradientCheck("causal attention", [[2, 5, 6], [2, 5, 6], [2, 5, 6]]) {
            $0[0].attending(keys: $0[1], values: $0[2], heads: 2, causal: true)
        },
        GradientCheck("attention of a sequence to itself", [[1, 4, 6]]) {
            $0[0].attending(keys: $0[0], values: $0[0], heads: 1)
        },
    ]

    private static let structure = [
        GradientCheck("reshaped", [[2, 6]]) { $0[0].reshaped([3, 4]) },
        GradientCheck("gathering, some rows twice", [[5, 3]]) { $0[0].gathering([4, 0, 4, 2]) },
        GradientCheck("concatenating channels", [[2, 3, 4], [2, 3, 5]]) { $0[0].concatenatingChannels($0[1]) },
        GradientCheck("the first channels", [[2, 3, 7]]) { $0[0].splittingChannels(at: 3).0 },
        GradientCheck("the last channels", [[2, 3, 7]]) { $0[0].splittingChannels(at: 3).1 },
        GradientCheck("both parts of split channels", [[2, 3, 8]]) {
            let (first, second) = $0[0].splittingChannels(at: 4)
            return first * second
        },
        GradientCheck("upsampled", [[2, 3, 2, 5]]) { $0[0].upsampled() },
        GradientCheck("rows", [[5, 2, 3]]) { $0[0][rows: 1..<4] },
        GradientCheck("all rows", [[3, 2]]) { $0[0][rows: 0..<3] },
        GradientCheck("concatenating", [[2, 3], [1, 3], [4, 3]]) { Variable.concatenating($0) },
        GradientCheck("recomputed", [[3, 5], [4, 5], [3, 4]]) { variables in
            // A weight that the body captures, and an input that it takes.
            recomputed([variables[0], variables[2]]) {
                $0[0].linear(weight: variables[1], bias: nil).activated(.silu) * $0[1]
            }
        },
        GradientCheck("recomputed twice over", [[3, 5], [5, 5]]) { variables in
            recomputed([variables[0]]) {
                let inner = recomputed($0) { $0[0].linear(weight: variables[1], bias: nil).activated(.tanh) }
                return inner.linear(weight: variables[1], bias: nil)
            }
        },
    ]

    private static let target = Noise(seed: 13, purpose: .experiment).gaussian(shape: [3, 2, 4])

    private static let losses = [
        GradientCheck("sum", [[3, 5]]) { $0[0].sum() },
        GradientCheck("mean square", [[3, 2, 4]]) { $0[0].meanSquare(target) },
        GradientCheck("weighted mean square", [[3, 2, 4]]) {
            $0[0].weightedMeanSquare(target, weights: [0.5, 2, 0])
        },
        // The target is nearer to zero than the prediction is, so that no step crosses the kink.
        GradientCheck("mean absolute", [[3, 2, 4]], minimumMagnitude: 0.1) { input in
            input[0].meanAbsolute(Tensor(target.scalars.map { 0.02 * max(-1, min(1, $0)) }, shape: target.shape))
        },
        GradientCheck("log-probability of a Gaussian", [[3, 2, 4]]) {
            $0[0].gaussianLogProbability(of: target, deviation: [0.4, 1, 2.5])
        },
    ]

    private static func depthwise(_ kernel: Int, _ channels: Int) -> Tensor {
        Noise(seed: 13, purpose: .experiment).gaussian(shape: [kernel, kernel, channels])
    }
}
