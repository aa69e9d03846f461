import Foundation
import TensorCore
import Testing

/// Products with weights that stay in a file, in its element type, against the same with weights in memory.
struct StoredWeightsTests {
    /// Large enough that f32 products read them where they are, and small ones that are packed.
    static let shapes = [[530, 510, 1, 1], [100, 320, 3, 3], [24, 10, 3, 3]]

    @Test(arguments: [SafeTensorsWriter.ElementType.f32, .f16, .bf16], shapes)
    func givesTheSameWhereverTheWeightsAre(_ type: SafeTensorsWriter.ElementType, _ shape: [Int]) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "weights.safetensors").path
        let drawn = TensorTests.gaussian(shape, 1)
        // An odd number of bytes before it: the elements of a file are at any address.
        try SafeTensorsWriter(elementType: type, metadata: ["note": "odd"]).write(["weight": drawn], to: path)
        let inMemory = Tensor(try SafeTensorsFile(path: path).tensor(named: "weight").scalars, shape: shape)
        let stored = try SafeTensorsFile(path: path).tensor(named: "weight")

        let padding = (before: shape[2] / 2, after: shape[2] / 2)
        let x = TensorTests.gaussian([2, 9, 7, shape[1]], 2)
        let gradient = TensorTests.gaussian([2, 9, 7, shape[0]], 3)
        func results(_ weight: Tensor, _ precision: ComputePrecision) -> [[Float]] {
            let few = TensorTests.gaussian([3, shape[1] * shape[2] * shape[3]], 4)
            return [
                x.convolved(weight: weight, bias: nil, padding: padding, precision: precision).scalars,
                gradient.convolutionInputGradient(
                    inputShape: x.shape, weight: weight, stride: 1, padding: padding, precision: precision
                ).scalars,
                few.linear(weight: weight.reshaped([shape[0], -1]), bias: nil, precision: precision).scalars,
            ]
        }
        for precision in ComputePrecision.allCases {
            #expect(results(stored, precision) == results(inMemory, precision), "\(precision)")
        }
        #expect(stored.scalars == inMemory.scalars)
        #expect(results(stored, .f32) == results(inMemory, .f32))
    }
}
