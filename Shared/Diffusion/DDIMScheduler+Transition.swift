import Foundation
import TensorCore

/// One step of a stochastic sampler as a policy: `x_{t-1} ~ N(sampleScale · x_t + outputScale · output, standardDeviation²)`.
///
/// True of DDIM and DDPM with either prediction and of the flow-matching SDE, so mean and log-probability are written once.
/// The output is the guided one where guidance is used.
public struct Transition: Hashable, Sendable {
    /// The timestep that the network sees; between two of training's where a sampler's spacing says so.
    public let timestep: Double
    /// The weight of `x_t`.
    public let sampleScale: Double
    /// The weight of the network's output.
    public let outputScale: Double
    /// The standard deviation of each element of `x_{t-1}`; 0 for a deterministic step.
    public let standardDeviation: Double

    public init(timestep: Double, sampleScale: Double, outputScale: Double, standardDeviation: Double) {
        precondition(standardDeviation >= 0, "a standard deviation of \(standardDeviation)")
        self.timestep = timestep
        self.sampleScale = sampleScale
        self.outputScale = outputScale
        self.standardDeviation = standardDeviation
    }

    /// Whether the step draws at random, and so has a log-probability.
    public var isStochastic: Bool { standardDeviation > 0 }

    /// The weight of `|ε̂ - ε̂'|²` in the exact Kullback-Leibler divergence of two policies: `outputScale² / 2σ²`.
    ///
    /// - Precondition: the step is stochastic.
    public var divergenceScale: Double {
        requireStochastic()
        return outputScale * outputScale / (2 * standardDeviation * standardDeviation)
    }

    /// The mean of the next sample; all shapes alike.
    public func mean(sample: Tensor, output: Tensor) -> Tensor {
        combine(sample, output, nil)
    }

    /// The next sample, for standard normal noise; all shapes alike.
    ///
    /// A deterministic step does not look at the noise.
    public func next(sample: Tensor, output: Tensor, noise: Tensor?) -> Tensor {
        guard isStochastic else { return combine(sample, output, nil) }
        guard let noise else { preconditionFailure("timestep \(timestep) is stochastic and needs noise") }
        return combine(sample, output, noise)
    }

    /// The log-probability of the next sample, as the mean over the elements of each row of the batch.
    ///
    /// The mean, not the sum, is the field's convention, and the clip range depends on it. Sums are Double.
    ///
    /// - Parameters:
    ///   - next: `x_{t-1}`, shape `[batch, ...]`.
    ///   - sample: `x_t`, of the same shape.
    ///   - output: the network's output, of the same shape.
    /// - Returns: one number per row.
    /// - Precondition: the step is stochastic: the density of a deterministic step is not finite.
    public func logProbability(of next: Tensor, sample: Tensor, output: Tensor) -> [Double] {
        requireStochastic()
        precondition(
            next.shape == sample.shape && next.shape == output.shape && !next.shape.isEmpty,
            "shapes \(next.shape), \(sample.shape) and \(output.shape) differ")
        let rows = next.shape[0]
        let width = rows == 0 ? 0 : next.count / rows
        let scale = -1 / (2 * standardDeviation * standardDeviation)
        let constant = -log(standardDeviation) - 0.5 * log(2 * Double.pi)
        return next.withUnsafeBuffer { next in
            sample.withUnsafeBuffer { sample in
                output.withUnsafeBuffer { output in
                    (0..<rows).map { row in
                        var squares = 0.0
                        for index in row * width..<(row + 1) * width {
                            let mean = sampleScale * Double(sample[index]) + outputScale * Double(output[index])
                            let difference = Double(next[index]) - mean
                            squares += difference * difference
                        }
                        return squares / Double(width) * scale + constant
                    }
                }
            }
        }
    }

    private func requireStochastic() {
        precondition(isStochastic, "timestep \(timestep) is deterministic (σ = 0) and has no log-probability")
    }

    private func combine(_ sample: Tensor, _ output: Tensor, _ noise: Tensor?) -> Tensor {
        precondition(
            sample.shape == output.shape && sample.shape == (noise ?? sample).shape,
            "shapes \(sample.shape), \(output.shape) and \((noise ?? sample).shape) differ")
        let (a, b, c) = (Float(sampleScale), Float(outputScale), Float(standardDeviation))
        return Tensor(uninitialized: sample.shape) { result in
            sample.withUnsafeBuffer { sample in
                output.withUnsafeBuffer { output in
                    for index in result.indices { result[index] = a * sample[index] + b * output[index] }
                }
            }
            noise?.withUnsafeBuffer { noise in
                for index in result.indices { result[index] += c * noise[index] }
            }
        }
    }
}
