import TensorCore

extension Variable {
    public static func + (a: Variable, b: Variable) -> Variable {
        Variable(a.value.adding(b.value), inputs: [a, b]) { [$0, $0] }
    }

    public static func - (a: Variable, b: Variable) -> Variable {
        let needsSecond = b.requiresGradient
        return Variable(a.value.subtracting(b.value), inputs: [a, b]) { [$0, needsSecond ? $0.scaled(-1) : nil] }
    }

    /// The product element by element.
    public static func * (a: Variable, b: Variable) -> Variable {
        let (x, y) = (b.requiresGradient ? a.value : nil, a.requiresGradient ? b.value : nil)
        return Variable(a.value.multiplying(b.value), inputs: [a, b]) { gradient in
            [y.map { gradient.multiplying($0) }, x.map { gradient.multiplying($0) }]
        }
    }

    public static func * (factor: Float, x: Variable) -> Variable {
        Variable(x.value.scaled(factor), inputs: [x]) { [$0.scaled(factor)] }
    }

    /// The weighted sum `alpha * self + beta * other`.
    public func combined(_ alpha: Float, _ other: Variable, _ beta: Float) -> Variable {
        let (needsFirst, needsSecond) = (requiresGradient, other.requiresGradient)
        return Variable(value.combined(alpha, other.value, beta), inputs: [self, other]) { gradient in
            [needsFirst ? gradient.scaled(alpha) : nil, needsSecond ? gradient.scaled(beta) : nil]
        }
    }

    /// `alpha[s] * self[s] + beta[s] * other[s]` for every sample `s` of the outermost dimension.
    public func combined(_ alpha: [Float], _ other: Variable, _ beta: [Float]) -> Variable {
        let (needsFirst, needsSecond) = (requiresGradient, other.requiresGradient)
        return Variable(value.combined(alpha, other.value, beta), inputs: [self, other]) { gradient in
            [
                needsFirst ? gradient.combined(alpha, gradient, alpha.map { _ in 0 }) : nil,
                needsSecond ? gradient.combined(beta, gradient, beta.map { _ in 0 }) : nil,
            ]
        }
    }

    /// Adds a vector to every place of its sample: `self[s, …, c] + vector[s, c]`.
    public func addingPerSample(_ vector: Variable) -> Variable {
        let needsVector = vector.requiresGradient
        return Variable(value.addingPerSample(vector.value), inputs: [self, vector]) { gradient in
            [gradient, needsVector ? gradient.summedPerSample() : nil]
        }
    }

    /// Adds the same rows to every sample, as position embeddings are: `self[s, r, c] + table[r, c]`.
    public func addingRows(_ table: Variable) -> Variable {
        let samples = shape[0]
        let flat = value.reshaped([1, samples, -1])
        let row = table.value.reshaped([1, -1])
        let shapeOfTable = table.requiresGradient ? table.shape : nil
        return Variable(flat.addingPerSample(row).reshaped(shape), inputs: [self, table]) { gradient in
            [gradient, shapeOfTable.map { gradient.reshaped([1, samples, -1]).summedPerSample().reshaped($0) }]
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
