import Foundation

/// Random numbers as a function of (run seed, unit, sample, step, purpose).
///
/// Nothing is carried from one draw to the next, so any sample of any unit can be drawn again, alone and by anyone, and
/// gives the same bytes: each coordinate has its own bits of the Philox counter, and the run's seed is the key.
public struct Noise: Hashable, Sendable {
    /// What a draw is for; draws for different purposes never share words.
    ///
    /// Raw values are part of a run's identity: renumbering one changes every picture of a seed.
    public enum Purpose: UInt8, Codable, CaseIterable, Sendable {
        /// The latent x_T that a trajectory starts from.
        case initialLatent = 0
        /// The noise added by one stochastic step of the scheduler.
        case transition = 1
        /// Which prompts are drawn.
        case prompt = 2
        /// The order in which samples or timesteps are visited.
        case order = 3
        /// Initial values of parameters.
        case parameters = 4
        /// The noise that a denoising loss adds to clean latents.
        case diffusion = 5
        /// The timestep that a denoising loss is taken at.
        case timestep = 6
        /// Conditions dropped at random, as classifier-free guidance wants it in training.
        case conditionDropout = 7
        /// Contents of a synthetic scene.
        case scene = 8
        /// The sample of an auto-encoder's posterior.
        case posterior = 9
        /// Whatever a test or a benchmark needs.
        case experiment = 10
        /// How much the phrases of a prompt weigh.
        case phraseWeight = 11
    }

    private let generator: Philox
    /// Words 1 to 3 of every counter; word 0 counts blocks of four words.
    private let coordinate: SIMD3<UInt32>

    /// The noise of one coordinate.
    ///
    /// - Parameters:
    ///   - seed: the run's seed.
    ///   - unit: the number of the unit of work, below 2⁴⁸.
    ///   - sample: the number of the sample within the unit, below 2¹⁶.
    ///   - step: the number of the step within the trajectory, below 2²⁴.
    ///   - purpose: what the numbers are for.
    public init(seed: UInt64, unit: UInt64 = 0, sample: Int = 0, step: Int = 0, purpose: Purpose) {
        precondition(unit < 1 << 48, "unit \(unit) is not below 2^48")
        precondition((0..<1 << 16).contains(sample), "sample \(sample) is not in 0..<2^16")
        precondition((0..<1 << 24).contains(step), "step \(step) is not in 0..<2^24")
        generator = Philox(seed: seed)
        coordinate = SIMD3(
            UInt32(purpose.rawValue) << 24 | UInt32(step),
            UInt32(truncatingIfNeeded: unit),
            UInt32(truncatingIfNeeded: unit >> 32) << 16 | UInt32(sample))
    }

    /// Uniform words number `4 * block` to `4 * block + 3`.
    @inline(__always)
    public func words(block: UInt32) -> SIMD4<UInt32> {
        generator.words(at: SIMD4(block, coordinate[0], coordinate[1], coordinate[2]))
    }

    /// A sequential reader of this coordinate's words, for `shuffled(using:)`, `randomElement(using:)` and the like.
    public func makeGenerator() -> Generator {
        Generator(noise: self)
    }

    /// Independent samples of the standard normal distribution.
    ///
    /// A longer draw begins with the shorter draw's values.
    public func gaussian(shape: [Int]) -> Tensor {
        Tensor(uninitialized: shape) { gaussian(into: $0) }
    }

    /// One row of standard normal samples for each noise, stacked along a new leading axis.
    ///
    /// - Parameters:
    ///   - rows: the noise of each sample of a batch.
    ///   - shape: the shape of one sample.
    /// - Returns: shape `[rows.count] + shape`; row `i` equals `rows[i].gaussian(shape: shape)` bit for bit.
    public static func gaussian(rows: [Noise], shape: [Int]) -> Tensor {
        let stride = shape.reduce(1, *)
        return Tensor(uninitialized: [rows.count] + shape) { buffer in
            for (index, row) in rows.enumerated() {
                row.gaussian(into: UnsafeMutableBufferPointer(rebasing: buffer[index * stride..<(index + 1) * stride]))
            }
        }
    }

    /// Independent samples of the uniform distribution on [0, 1), each a multiple of 2⁻²⁴.
    public func uniform(shape: [Int]) -> Tensor {
        Tensor(uninitialized: shape) { buffer in
            for block in 0..<(buffer.count + 3) / 4 {
                let words = words(block: UInt32(block))
                for lane in 0..<min(4, buffer.count - 4 * block) {
                    buffer[4 * block + lane] = Float(words[lane] >> 8) * 0x1p-24
                }
            }
        }
    }

    /// Fills a buffer by Box and Muller's transform: each block of four words gives four values.
    private func gaussian(into buffer: UnsafeMutableBufferPointer<Float>) {
        precondition(buffer.count <= 1 << 33, "a coordinate has 2^34 words, \(buffer.count) normals are too many")
        for block in 0..<buffer.count / 4 {
            let normals = normals(block: UInt32(block))
            for lane in 0..<4 { buffer[4 * block + lane] = normals[lane] }
        }
        if buffer.count % 4 != 0 {
            let block = buffer.count / 4
            let normals = normals(block: UInt32(block))
            for lane in 0..<buffer.count % 4 { buffer[4 * block + lane] = normals[lane] }
        }
    }

    @inline(__always)
    private func normals(block: UInt32) -> SIMD4<Float> {
        let words = words(block: block)
        let (a, b) = Self.boxMuller(words[0], words[1])
        let (c, d) = Self.boxMuller(words[2], words[3])
        return SIMD4(a, b, c, d)
    }

    /// Two independent normals from two uniform words.
    ///
    /// The first word is shifted by a half, so the logarithm is finite and the radius reaches 6.76; Float keeps the relative
    /// precision of small uniforms, which is where the tails come from.
    @inline(__always)
    private static func boxMuller(_ first: UInt32, _ second: UInt32) -> (Float, Float) {
        let uniform = (Float(first) + 0.5) * 0x1p-32
        let radius = (-2 * log(uniform)).squareRoot()
        let angle = Float(second) * (2 * Float.pi * 0x1p-32)
        return (radius * cos(angle), radius * sin(angle))
    }
}

extension Noise {
    /// The words of one coordinate in order, two to a number.
    public struct Generator: RandomNumberGenerator, Sendable {
        private let noise: Noise
        private var position: UInt64 = 0

        fileprivate init(noise: Noise) {
            self.noise = noise
        }

        public mutating func next() -> UInt64 {
            precondition(position < 1 << 33, "a coordinate has 2^34 words, and all are used")
            let words = noise.words(block: UInt32(truncatingIfNeeded: position >> 1))
            defer { position += 1 }
            return position & 1 == 0
                ? UInt64(words[0]) | UInt64(words[1]) << 32 : UInt64(words[2]) | UInt64(words[3]) << 32
        }
    }
}
