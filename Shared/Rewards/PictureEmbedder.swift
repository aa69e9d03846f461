import Autograd
import Foundation
import Imaging
import TensorCore

/// A picture tower with what is done to pictures before it.
///
/// `@unchecked Sendable`: the tower is a class of its own making, whose passes the lock lets through one at a time; a pass uses all
/// compute threads as it is.
final class PictureEmbedder: @unchecked Sendable {
    private let processor: PictureProcessor
    private let tower: (Variable) -> Variable
    private let lock = NSLock()
    /// Pictures in one pass, which bounds the memory.
    private static let batch = 32

    /// - Parameters:
    ///   - processor: what is done to pictures.
    ///   - tower: from prepared pixels `[picture, height, width, 3]` to `[picture, …]`.
    init(_ processor: PictureProcessor, _ tower: @escaping (Variable) -> Variable) {
        (self.processor, self.tower) = (processor, tower)
    }

    /// The embeddings of pictures of any size: `[picture, …]`.
    func callAsFunction(_ pictures: [Picture]) -> Tensor {
        let parts = stride(from: 0, to: pictures.count, by: Self.batch).map { start in
            let part = pictures[start..<min(start + Self.batch, pictures.count)]
            let pixels = Variable(Tensor.concatenating(part.map { processor($0) }))
            return lock.withLock { tower(pixels).value }
        }
        return parts.count == 1 ? parts[0] : Tensor.concatenating(parts)
    }

    /// The embeddings of pixels `[picture, height, width, 3]` of 0...1, with their derivatives.
    func callAsFunction(_ pixels: Variable) -> Variable {
        let prepared = processor(pixels)
        return lock.withLock { tower(prepared) }
    }
}
