import Autograd
import Foundation
import TensorCore

extension Variable {
    /// `self + exp(logVariance / 2) · noise`: a sample of a Gaussian posterior (Kingma & Welling 2014, section 2.4).
    public func reparameterised(logVariance: Variable, noise: Tensor) -> Variable {
        let spread = Tensor(uninitialized: noise.shape) { out in
            logVariance.value.withUnsafeBuffer { logs in
                noise.withUnsafeBuffer { noise in
                    for i in out.indices { out[i] = exp(0.5 * min(max(logs[i], -30), 20)) * noise[i] }
                }
            }
        }
        return Variable(value.adding(spread), inputs: [self, logVariance]) { gradient in
            [gradient, gradient.multiplying(spread).scaled(0.5)]
        }
    }

    /// Divergence of `N(self, exp(logVariance))` from `N(0, 1)`, the mean over elements.
    public func divergenceFromStandardNormal(logVariance: Variable) -> Variable {
        let (mean, logs) = (value, logVariance.value)
        let count = Float(mean.count)
        var sum = 0.0
        for (m, l) in zip(mean.scalars, logs.scalars) { sum += 0.5 * Double(m * m + exp(l) - 1 - l) }
        return Variable(Tensor([Float(sum) / count], shape: []), inputs: [self, logVariance]) { gradient in
            let scale = gradient.scalars[0] / count
            return [
                mean.scaled(scale),
                Tensor(logs.scalars.map { 0.5 * scale * (exp($0) - 1) }, shape: logs.shape),
            ]
        }
    }
}
