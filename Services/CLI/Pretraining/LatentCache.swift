import Autograd
import Diffusion
import Encoders
import Menagerie
import TensorCore

/// Scenes of the training set with their latents, encoded the first time they are drawn.
struct LatentCache {
    private let vae: VAE
    private let tokenizer: CLIPTokenizer
    private let length: Int
    private let seed: UInt64
    private let distribution: Distribution
    private var entries: [Entry?]

    private struct Entry {
        var latents: Tensor
        var tokens: [Int]
    }

    init(
        vae: VAE, tokenizer: CLIPTokenizer, length: Int, seed: UInt64, distribution: Distribution, count: Int
    ) {
        (self.vae, self.tokenizer, self.length) = (vae, tokenizer, length)
        (self.seed, self.distribution) = (seed, distribution)
        entries = [Entry?](repeating: nil, count: count)
    }

    /// Scaled latents `[index, height, width, channel]` and token sequences of the examples.
    mutating func batch(_ indices: [Int]) -> (latents: Tensor, tokens: [[Int]]) {
        let missing = Array(Set(indices.filter { entries[$0] == nil })).sorted()
        if !missing.isEmpty {
            let examples = missing.map { Menagerie.example(seed: seed, index: $0, distribution: distribution) }
            // A few at a time: buffers are recycled by size, and a batch of each size would keep its own.
            let latents = Tensor.concatenating(
                stride(from: 0, to: examples.count, by: 4).map { first in
                    let few = examples[first..<min(first + 4, examples.count)].map(\.picture)
                    let mean = vae.encode(Variable(Tensor(pictures: few))).mean.value
                    return mean.scaled(Float(vae.configuration.scalingFactor))
                })
            for (row, index) in missing.enumerated() {
                let tokens = tokenizer.encode(examples[row].caption, length: length)
                entries[index] = Entry(latents: latents[row], tokens: tokens)
            }
        }
        let found = indices.compactMap { entries[$0] }
        return (Tensor.stacking(found.map(\.latents)), found.map(\.tokens))
    }
}
