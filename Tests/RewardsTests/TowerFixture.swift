import Autograd
import Encoders
import Foundation
import TensorCore
import Testing

/// A folder of `Tests/Fixtures/towers`, made by transformers (`make_towers.py`).
struct TowerFixture {
    let folder: TransformersFolder
    private let golden: SafeTensorsFile

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/towers")

    init(_ name: String) throws {
        let url = Self.root.appending(path: name)
        folder = TransformersFolder(url)
        golden = try SafeTensorsFile(path: url.appending(path: "golden.safetensors").path)
    }

    var pixels: Variable { get throws { Variable(try golden.tensor(named: "pixel_values").toNHWC()) } }

    func rows(_ key: String) throws -> [[Int]] {
        let (values, shape) = try golden.integers(named: key)
        return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
    }

    /// Of each sample the places that the mask shows.
    var visible: [[Int]] {
        get throws { try rows("attention_mask").map { row in row.indices.filter { row[$0] == 1 } } }
    }

    /// Expects a tower's output to be that of the file, up to a part of its largest element.
    func expect(
        _ ours: Variable?, _ key: String, tolerance: Float = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var theirs = try golden.tensor(named: key)
        if theirs.shape.count == 4 { theirs = theirs.toNHWC() }
        let ours = try #require(ours).value
        #expect(ours.shape == theirs.shape, sourceLocation: sourceLocation)
        let largest = theirs.scalars.reduce(0) { max($0, abs($1)) }
        let difference = zip(ours.scalars, theirs.scalars).reduce(Float(0)) { sum, pair in
            let gap = abs(pair.0 - pair.1)
            return gap.isNaN ? .infinity : max(sum, gap)
        }
        #expect(difference / largest <= tolerance, "\(key): \(difference / largest)", sourceLocation: sourceLocation)
    }
}
