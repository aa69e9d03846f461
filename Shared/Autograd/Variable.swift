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
    public var requiresGradient: Bool { node != nil }

    /// The sum of gradients of all backward passes since the last ``clearGradient()``; kept on leaves only.
    public var gradient: Tensor? { node?.gradient }

    fileprivate let node: Node?

    /// A leaf: data (no gradient) or a parameter.
    public init(_ value: Tensor, requiresGradient: Bool = false) {
        self.value = value
        node = requiresGradient ? Node(value.shape, inputs: [], backward: nil) : nil
    }

    /// The result of an operation on `inputs`.
    ///
    /// `backward` gives, from the gradient at the result, the gradients at the inputs, in order; `nil` where an input does not
    /// require one. It is called at most once, and never if no input requires a gradient. Of the inputs' values only those
    /// live on that it captures: it should capture no variable.
    public init(_ value: Tensor, inputs: [Variable], backward: @escaping (Tensor) -> [Tensor?]) {
        self.value = value
        let isRecorded = inputs.contains { $0.requiresGradient }
        node = isRecorded ? Node(value.shape, inputs: inputs.map(\.node), backward: backward) : nil
    }

    public var shape: [Int] { value.shape }

    /// The same value as a constant.
    public var detached: Variable { Variable(value) }

    public func clearGradient() { node?.gradient = nil }
}

/// A leaf that requires a gradient, or one recorded operation; without the value, which is free once no rule needs it.
private final class Node {
    let shape: [Int]
    /// Of an operation; `nil` where an input does not require a gradient.
    let inputs: [Node?]
    /// Longer than the depth of every input, 0 of leaves: an order in which each result comes after what it is made of.
    let depth: Int
    private var backward: ((Tensor) -> [Tensor?])?
    /// Of a leaf.
    var gradient: Tensor?

    init(_ shape: [Int], inputs: [Node?], backward: ((Tensor) -> [Tensor?])?) {
        (self.shape, self.inputs, self.backward) = (shape, inputs, backward)
        depth = backward == nil ? 0 : 1 + inputs.reduce(0) { max($0, $1?.depth ?? 0) }
    }

    func addToLeafGradient(_ addition: Tensor) {
        if gradient == nil { gradient = addition } else { gradient?.accumulate(addition) }
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
    var byDepth: [[Node]] = []
    var seen: Set<ObjectIdentifier> = []

    func accumulate(_ node: Node?, _ gradient: Tensor) {
        guard let node else { return }
        precondition(
            gradient.shape == node.shape, "gradient \(gradient.shape) at a variable of shape \(node.shape)")
        if node.depth == 0 { return node.addToLeafGradient(gradient) }
        let key = ObjectIdentifier(node)
        if seen.insert(key).inserted {
            while byDepth.count <= node.depth { byDepth.append([]) }
            byDepth[node.depth].append(node)
            gradients[key] = gradient
        } else {
            // Taken out of the dictionary while it grows, so that it is added to in place.
            var sum = gradients.removeValue(forKey: key) ?? Tensor(zeros: node.shape)
            sum.accumulate(gradient)
            gradients[key] = sum
        }
    }

    for (root, gradient) in roots { accumulate(root.node, gradient) }
    var depth = byDepth.count - 1
    while depth > 0 {
        for node in byDepth[depth] {
            guard let gradient = gradients.removeValue(forKey: ObjectIdentifier(node)) else { continue }
            for (input, inputGradient) in zip(node.inputs, node.takeGradients(gradient)) {
                if let inputGradient { accumulate(input, inputGradient) }
            }
        }
        byDepth[depth] = []
        depth -= 1
    }
}
