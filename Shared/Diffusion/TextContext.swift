import Autograd
import TensorCore

/// Text states that a UNet attends to, with what its layers made of them.
///
/// The keys and values of cross-attention depend on the prompt alone. One context serves all timesteps of a trajectory, so
/// they are computed once. Make a new one when the network's weights have changed.
public final class TextContext {
    /// Text states `[sample, token, channel]`.
    let states: Variable
    private var converted: Variable?
    private var projections: [ObjectIdentifier: (keys: Variable, values: Variable)] = [:]

    public init(_ states: Variable) { self.states = states }

    /// The states as a network computes with them.
    func states(as precision: ComputePrecision) -> Variable {
        guard precision != states.value.precision else { return states }
        if let converted { return converted }
        let made = Variable(states.value.converted(to: precision))
        converted = made
        return made
    }

    /// The keys and values of one layer, made by `project` if they are not known yet.
    ///
    /// What a gradient is to flow through is not kept: it belongs to one backward pass.
    func projection(
        of layer: AnyObject, _ project: () -> (keys: Variable, values: Variable)
    ) -> (keys: Variable, values: Variable) {
        if let known = projections[ObjectIdentifier(layer)] { return known }
        let made = project()
        if !made.keys.requiresGradient && !made.values.requiresGradient {
            projections[ObjectIdentifier(layer)] = made
        }
        return made
    }
}
