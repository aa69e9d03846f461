import TensorCore

extension Variable {
    public static func + (a: Variable, b: Variable) -> Variable {
        Variable(a.value.adding(b.value), inputs: [a, b]) { [$0, $0] }
    }

    public static func - (a: Variable, b: Variable) -> Variable {
        Variable(a.value.subtracting(b.value), inputs: [a, b]) { [$0, b.requiresGradient ? $0.scaled(-1) : nil] }
    }

    /// The product element by element.
    public static func * (a: Variable, b: Variable) -> Variable {
        let (x, y) = (a.value, b.value)
        return Variable(x.multiplying(y), inputs: [a, b]) { gradient in
            [
                a.requiresGradient ? gradient.multiplying(y) : nil,
                b.requiresGradient ? gradient.multiplying(x) : nil,
            ]
        }
    }

    public static func * (factor: Float, x: Variable) -> Variable {
        Variable(x.value.scaled(factor), inputs: [x]) { [$0.scaled(factor)] }
    }

    /// The weighted sum `alpha * self + beta * other`.
    public func combined(_ alpha: Float, _ other: Variable, _ beta: Float) -> Variable {
        Variable(value.combined(alpha, other.value, beta), inputs: [self, other]) { gradient in
            [
                self.requiresGradient ? gradient.scaled(alpha) : nil,
                other.requiresGradient ? gradient.scaled(beta) : nil,
            ]
        }
    }

    /// `alpha[s] * self[s] + beta[s] * other[s]` for every sample `s` of the outermost dimension.
    public func combined(_ alpha: [Float], _ other: Variable, _ beta: [Float]) -> Variable {
        Variable(value.combined(alpha, other.value, beta), inputs: [self, other]) { gradient in
            [
                self.requiresGradient ? gradient.combined(alpha, gradient, alpha.map { _ in 0 }) : nil,
                other.requiresGradient ? gradient.combined(beta, gradient, beta.map { _ in 0 }) : nil,
            ]
        }
    }

    /// Adds a vector to every place of its sample: `self[s, …, c] + vector[s, c]`.
    public func addingPerSample(_ vector: Variable) -> Variable {
        Variable(value.addingPerSample(vector.value), inputs: [self, vector]) { gradient in
            [gradient, vector.requiresGradient ? gradient.summedPerSample() : nil]
        }
    }

    /// Adds the same rows to every sample, as position embeddings are: `self[s, r, c] + table[r, c]`.
    public func addingRows(_ table: Variable) -> Variable {
        let samples = shape[0]
        let flat = value.reshaped([1, samples, -1])
        let row = table.value.reshaped([1, -1])
        return Variable(flat.addingPerSample(row).reshaped(shape), inputs: [self, table]) { gradient in
            [
                gradient,
                table.requiresGradient
                    ? gradient.reshaped([1, samples, -1]).summedPerSample().reshaped(table.shape) : nil,
            ]
        }
    }

    public func activated(_ activation: Activation) -> Variable {
        let input = value
        return Variable(input.activated(activation), inputs: [self]) { [input.activationGradient(activation, $0)] }
    }

    /// The gated `a * gelu(b)` of `self`, which is `[a, b]` along the channels.
    ///
    /// Shazeer, "GLU Variants Improve Transformer" (2020).
    public func geglu() -> Variable {
        let input = value
        return Variable(input.geglu(), inputs: [self]) { [input.gegluGradient($0)] }
    }

    public func reshaped(_ shape: [Int]) -> Variable {
        let original = self.shape
        return Variable(value.reshaped(shape), inputs: [self]) { [$0.reshaped(original)] }
    }
}
