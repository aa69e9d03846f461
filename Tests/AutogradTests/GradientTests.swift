import Autograd
import TensorCore
import Testing

/// The rules of the tape against differences of the operations themselves.
@Suite struct GradientTests {
    @Test(arguments: GradientCheck.table)
    func gradientIsTheLimitOfDifferences(_ check: GradientCheck) throws {
        let everything = Set(check.inputs.indices)
        for (index, gradient) in check.gradients(trained: everything).enumerated() {
            let gradient = try #require(gradient, "input \(index) got no gradient")
            let differences = check.differences(at: index)
            #expect(gradient.shape == check.inputs[index].shape)
            // Relative to the largest element: elements near zero carry the rounding of the others.
            let scale = differences.reduce(0.1) { max($0, abs($1)) }
            let error = zip(gradient.scalars, differences).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(error <= 1e-3 * scale, "input \(index): differs by \(error) of \(scale)")
        }
    }

    @Test(arguments: GradientCheck.table)
    func frozenInputsGetNoGradientAndChangeNoOther(_ check: GradientCheck) {
        let all = check.gradients(trained: Set(check.inputs.indices))
        for trained in check.inputs.indices {
            let alone = check.gradients(trained: [trained])
            for index in check.inputs.indices {
                #expect(alone[index]?.scalars == (index == trained ? all[index]?.scalars : nil), "input \(index)")
            }
        }
    }

    @Test(arguments: GradientCheck.table)
    func nothingIsRecordedWhereNothingIsTrained(_ check: GradientCheck) {
        #expect(!check.operation(check.leaves(trained: [])).requiresGradient)
    }

    @Test(arguments: GradientCheck.table)
    func gradientsAddUpUntilTheyAreCleared(_ check: GradientCheck) {
        let leaves = check.leaves(trained: Set(check.inputs.indices))
        func pass() {
            let output = check.operation(leaves)
            backward(output, gradient: check.weights(of: output))
        }
        pass()
        let once = leaves.map { $0.gradient?.scalars ?? [] }
        pass()
        for (leaf, once) in zip(leaves, once) {
            let twice = leaf.gradient?.scalars ?? []
            #expect(twice.count == leaf.value.count && once.count == twice.count)
            // Not exactly: a leaf that is used several times sums in another order.
            #expect(zip(twice, once).allSatisfy { abs($0 - 2 * $1) <= 1e-5 * (1 + abs($1)) })
            leaf.clearGradient()
            #expect(leaf.gradient == nil)
        }
    }

    @Test func recomputingGivesTheSameGradients() {
        func gradients(_ block: (Variable, Variable) -> Variable) -> [[Float]?] {
            let input = Variable(Noise(seed: 1, purpose: .experiment).gaussian(shape: [6, 9]), requiresGradient: true)
            let weight = Variable(Noise(seed: 2, purpose: .experiment).gaussian(shape: [9, 9]), requiresGradient: true)
            backward(block(input, weight).sum())
            return [input.gradient?.scalars, weight.gradient?.scalars]
        }
        let direct = gradients { $0.linear(weight: $1, bias: nil).activated(.gelu) }
        let again = gradients { input, weight in
            recomputed([input]) { $0[0].linear(weight: weight, bias: nil).activated(.gelu) }
        }
        #expect(direct == again)
    }

    @Test func severalRootsGiveTheSumOfTheirGradients() {
        let leaf = Variable(Tensor([2, -3], shape: [2]), requiresGradient: true)
        let shared = leaf * leaf
        backward([(shared, Tensor([1, 1], shape: [2])), (shared + leaf, Tensor([10, 100], shape: [2]))])
        // 2x · (1 + w) + w where w is the second root's gradient.
        let expected: [Float] = [54, -506]
        #expect(leaf.gradient?.scalars == expected)
    }
}
