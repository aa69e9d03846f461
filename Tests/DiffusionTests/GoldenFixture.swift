import Autograd
import Foundation
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// A folder of `Tests/Fixtures` made by diffusers, transformers and peft; remade by `deploy/task fixtures`.
struct GoldenFixture {
    let url: URL
    private let golden: SafeTensorsFile

    init(_ folder: String, file: String = "golden", from path: String = #filePath) throws {
        let tests = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent()
        url = tests.appendingPathComponent("Fixtures/\(folder)")
        golden = try SafeTensorsFile(path: url.appendingPathComponent("\(file).safetensors").path)
    }

    var keys: [String] { golden.keys }

    func tensor(_ key: String) throws -> Tensor { try golden.tensor(named: key) }

    func integers(_ key: String) throws -> [[Int]] {
        let (values, shape) = try golden.integers(named: key)
        guard shape.count == 2 else { return [values] }
        return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }

    /// Pictures and latents are NCHW in files and NHWC in memory.
    func image(_ key: String) throws -> Tensor { try tensor(key).toNHWC() }

    /// Parameters of the fixture's own model, by default as training has them: every one wants a gradient.
    func store(
        _ name: String, trainable: Bool = true, lora: LoRAConfiguration? = nil, precision: ComputePrecision = .f32
    ) throws -> ParameterStore {
        ParameterStore(
            .archive(try SafeTensorsArchive(folder: url.path, name: name), trainable: trainable), lora: lora,
            precision: precision)
    }

    /// The numbers of a file, by name.
    func digests(_ file: String) throws -> [String: [Double]] {
        try JSONDecoder().decode([String: [Double]].self, from: Data(contentsOf: url.appendingPathComponent(file)))
    }

    /// Compares every parameter's gradient with two numbers: its norm, and its product with a pattern.
    ///
    /// `others` is how many numbers the file has beside those of gradients.
    func checkGradients(
        _ parameters: [(path: String, variable: Variable)], prefix: String = "", tolerance: Double = 1e-4,
        in file: String = "gradients.json", others: Int = 0
    ) throws {
        let expected = try digests(file)
        #expect(parameters.count + others == expected.count)
        for (path, variable) in parameters {
            let numbers = try #require(
                expected[path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path], "\(path)")
            let gradient = try #require(variable.gradient, "no gradient at \(path)").scalars.map(Double.init)
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let product = gradient.enumerated().reduce(0) { $0 + $1.element * cos(0.1 + 0.37 * Double($1.offset)) }
            // Some gradients are zero but for rounding: a key's bias, for one.
            let scale = max(numbers[0], 1e-3)
            #expect(abs(norm - numbers[0]) <= tolerance * scale, "norm of \(path): \(norm), not \(numbers[0])")
            #expect(abs(product - numbers[1]) <= tolerance * scale, "product of \(path): \(product), not \(numbers[1])")
        }
    }
}

/// Expects two tensors to be equal up to a difference of `tolerance` of the largest element.
func expectClose(
    _ ours: Tensor, _ theirs: Tensor, tolerance: Float = 1e-4, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(ours.shape == theirs.shape, "\(what)", sourceLocation: sourceLocation)
    guard ours.count == theirs.count else { return }
    let largest = theirs.scalars.reduce(0) { max($0, abs($1)) }
    let difference = zip(ours.scalars, theirs.scalars).reduce(Float(0)) { sum, pair in
        let gap = abs(pair.0 - pair.1)
        return gap.isNaN ? .infinity : max(sum, gap)
    }
    let error = difference / largest
    #expect(error <= tolerance, "\(what): relative error \(error)", sourceLocation: sourceLocation)
}
