import TensorCore

/// A tensor that remembers how it was computed, if something it was computed from wants a gradient.
///
/// There is no global gradient mode: an operation is recorded exactly when one of its inputs requires a gradient, so
/// inference, whose parameters are frozen, is a computation without a tape, and a frozen weight costs no gradient.
///
/// A class and not `Sendable`: one actor owns a model and all variables of its computations.
public final class Variable {
    /// The value.
    ///
    /// Assigning is for leaves (an optimiser's step); a recorded result keeps what it was computed from.
    public var value: Tensor

    /// Whether ``backward(_:gradient:)`` computes a gradient at this variable.
    public let requiresGradient: Bool

    /// The sum of gradients of all backward passes since the last ``clearGradient()``; kept on leaves only.
    public private(set) var gradient: Tensor?

    fileprivate let node: Node?

    /// A leaf: data (no gradient) or a parameter.
    public init(_ value: Tensor, requiresGradient: Bool = false) {
        self.value = value
        self.requiresGradient = requiresGradient
        node = nil
    }

    /// The result of an operation on `inputs`.
    ///
    /// `backward` gives, from the gradient at the result, the gradients at the inputs, in order; `nil` where an input does not
    /// require one. It is called at most once, and never if no input requires a gradient.
    public init(_ value: Tensor, inputs: [Variable], backward: @escaping (Tensor) -> [Tensor?]) {
        self.value = value
        requiresGradient = inputs.contains { $0.requiresGradient }
        node = requiresGradient ? Node(inputs: inputs, backward: backward) : nil
    }

    public var shape: [Int] { value.shape }

    /// The same value as a constant.
    public var detached: Variable { Variable(value) }

    public func clearGradient() { gradient = nil }

    fileprivate func addToLeafGradient(_ addition: Tensor) {
        if gradient == nil { gradient = addition } else { gradient?.accumulate(addition) }
    }
}

/// One recorded operation.
private final class Node {
    let inputs: [Variable]
    /// Longer than the depth of every input: an order in which each result comes after what it was computed from.
    let depth: Int
    private var backward: ((Tensor) -> [Tensor?])?

    init(inputs: [Variable], backward: @escaping (Tensor) -> [Tensor?]) {
        self.inputs = inputs.map { $0 }
        self.backward = backward
        depth = 1 + inputs.reduce(0) { max($0, $1.node?.depth ?? 0) }
    }

    /// The rule is dropped as it is used: its saved activations are free for the rest of the pass.
    func takeGradients(_ gradient: Tensor) -> [Tensor?] {
        guard let backward else { preconditionFailure("backward ran twice through one computation") }
        self.backward = nil
        return backward(gradient)
    }
}

/// Adds to every leaf that requires it the gradient of `sum(root * gradient)`.
///
/// Without `gradient` it is all ones: for a scalar root, the derivative of the root itself.
///
/// - Precondition: this computation has not been run backward before.
public func backward(_ root: Variable, gradient: Tensor? = nil) {
    backward([(root, gradient ?? Tensor(repeating: 1, shape: root.shape))])
}

/// As ``backward(_:gradient:)`` from several roots in one pass.
public func backward(_ roots: [(Variable, Tensor)]) {
    var gradients: [ObjectIdentifier: Tensor] = [:]
    var byDepth: [[Variable]] = []
    var seen: Set<ObjectIdentifier> = []

    func accumulate(_ variable: Variable, _ gradient: Tensor) {
        precondition(
            gradient.shape == variable.shape, "gradient \(gradient.shape) at a variable of shape \(variable.shape)")
        guard variable.requiresGradient else { return }
        guard let node = variable.node else {
            variable.addToLeafGradient(gradient)
            return
        }
        let key = ObjectIdentifier(variable)
        if seen.insert(key).inserted {
            while byDepth.count <= node.depth { byDepth.append([]) }
            byDepth[node.depth].append(variable)
            gradients[key] = gradient
        } else {
            // Taken out of the dictionary while it grows, so that it is added to in place.
            var sum = gradients.removeValue(forKey: key) ?? Tensor(zeros: variable.shape)
            sum.accumulate(gradient)
            gradients[key] = sum
        }
    }

    for (root, gradient) in roots { accumulate(root, gradient) }
    var depth = byDepth.count - 1
    while depth > 0 {
        for variable in byDepth[depth] {
            guard let node = variable.node, let gradient = gradients.removeValue(forKey: ObjectIdentifier(variable))
            else { continue }
            for (input, inputGradient) in zip(node.inputs, node.takeGradients(gradient)) {
                if let inputGradient { accumulate(input, inputGradient) }
            }
        }
        byDepth[depth] = []
        depth -= 1
    }
}
