import TensorCore

extension Variable {
    /// `Σ_s weights[s] · mean((self[s] - target[s])²)`, a scalar of shape `[]`.
    public func weightedMeanSquare(_ target: Tensor, weights: [Float]) -> Variable {
        let prediction = value
        let means = prediction.meanSquareDifferences(target)
        let loss = zip(means, weights).reduce(0) { $0 + $1.0 * Double($1.1) }
        let perSample = Float(prediction.count / max(prediction.shape[0], 1))
        return Variable(Tensor([Float(loss)], shape: []), inputs: [self]) { gradient in
            let scale = gradient.scalars[0]
            let factors = weights.map { 2 * scale * $0 / perSample }
            return [prediction.combined(factors, target, factors.map { -$0 })]
        }
    }

    /// `mean((self - target)²)` over all elements.
    public func meanSquare(_ target: Tensor) -> Variable {
        weightedMeanSquare(target, weights: [Float](repeating: 1 / Float(max(shape[0], 1)), count: shape[0]))
    }

    /// `mean |self - target|` over all elements.
    public func meanAbsolute(_ target: Tensor) -> Variable {
        let difference = value.subtracting(target)
        let scale = 1 / Float(max(difference.count, 1))
        let sum = difference.withUnsafeBuffer { $0.reduce(0.0) { $0 + Double(abs($1)) } }
        return Variable(Tensor([Float(sum) * scale], shape: []), inputs: [self]) { gradient in
            let step = gradient.scalars[0] * scale
            return [
                Tensor(uninitialized: difference.shape) { out in
                    difference.withUnsafeBuffer { buffer in
                        for i in buffer.indices { out[i] = buffer[i] > 0 ? step : buffer[i] < 0 ? -step : 0 }
                    }
                }
            ]
        }
    }

    /// Log-density of `sample` under `N(self, deviation²)`, the *mean* over elements, per row: `[row]`.
    ///
    /// The field's convention (algorithms of DDPO, DPOK and trl): the ratio's clip range depends on it. Accumulated in
    /// f64, so that a ratio of two of them keeps the precision a clip of 1e-4 needs.
    public func gaussianLogProbability(of sample: Tensor, deviation: [Double]) -> Variable {
        let mean = value
        let squares = sample.meanSquareDifferences(mean)
        let values = zip(squares, deviation).map { square, sigma in
            precondition(sigma > 0, "a deterministic step (deviation 0) has no log-probability")
            return Float(-square / (2 * sigma * sigma) - Double.logOfRoot2Pi(times: sigma))
        }
        let perRow = Double(mean.count / max(mean.shape[0], 1))
        return Variable(Tensor(values, shape: [values.count]), inputs: [self]) { gradient in
            let factors = zip(gradient.scalars, deviation).map { Float(Double($0) / ($1 * $1 * perRow)) }
            return [sample.combined(factors, mean, factors.map { -$0 })]
        }
    }

    /// The sum of all elements, a scalar.
    public func sum() -> Variable {
        let shape = shape
        let sum = value.withUnsafeBuffer { $0.reduce(0.0) { $0 + Double($1) } }
        return Variable(Tensor([Float(sum)], shape: []), inputs: [self]) { gradient in
            [Tensor(repeating: gradient.scalars[0], shape: shape)]
        }
    }
}
