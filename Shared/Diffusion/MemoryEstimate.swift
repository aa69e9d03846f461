import Foundation

/// How much memory a checkpoint will need, computed from its configurations before anything is loaded.
///
/// Counts weights in f32 and the activations that live at once; measured peaks are in the README.
public struct MemoryEstimate: Codable, Hashable, Sendable {
    /// Bytes of all weights.
    public var weights: Int
    /// Peak while one picture is drawn with guidance.
    public var sampling: Int
    /// Peak of a training step of one sample with guidance: LoRA of rank 4, all activations kept.
    public var training: Int
    /// The same where only the blocks' inputs are kept and the blocks are computed again.
    public var trainingRecomputed: Int

    /// The estimate of a checkpoint for latents of a size.
    ///
    /// - Parameters:
    ///   - unet: the UNet's configuration.
    ///   - vae: the auto-encoder's.
    ///   - parameters: of all parts.
    ///   - size: of the latents.
    ///   - samples: how many go through the UNet at once; with guidance each counts twice, which is done here.
    public init(unet: UNetConfiguration, vae: VAEConfiguration, parameters: Int, size: SampleSize, samples: Int = 1) {
        let activations = UNetActivations(unet, height: size.height, width: size.width)
        let rows = 2 * samples
        let f32 = MemoryLayout<Float>.stride
        weights = f32 * parameters
        let base = weights + Self.program
        sampling = base + f32 * max(rows * activations.inference, samples * Self.decoding(vae, size))
        training = base + f32 * rows * activations.kept
        trainingRecomputed = base + f32 * rows * activations.recomputed
    }

    /// What the program takes without a model: code, libraries, buffers of the matrix products.
    private static let program = 150 << 20

    /// Elements alive at the decoder's largest level: a ResNet block's input, both of its inner results and its output.
    private static func decoding(_ vae: VAEConfiguration, _ size: SampleSize) -> Int {
        let widths = vae.blockOutChannels
        let wide = widths[min(1, widths.count - 1)]
        let pixels = size.height * size.width * vae.downsampling * vae.downsampling
        return 4 * pixels * wide
    }

    /// A size with one digit after the point, in 10⁹ bytes.
    public static func gigabytes(_ bytes: Int) -> String { String(format: "%.1f", Double(bytes) / 1e9) }
}

/// Elements of activations of one sample in a UNet.
struct UNetActivations {
    /// Alive at once in a pass that keeps nothing but the skip connections.
    private(set) var inference = 0
    /// Alive when everything is kept for the backward pass.
    private(set) var kept = 0
    /// Alive when only the stages' inputs are kept, and one stage is computed again.
    private(set) var recomputed = 0

    private var skips = 0
    private var inputs = 0
    private var largest = 0
    private var widest = 0

    init(_ unet: UNetConfiguration, height: Int, width: Int) {
        let widths = unet.blockOutChannels
        var (rows, columns) = (height, width)
        var channels = widths[0]
        var sizes: [(rows: Int, columns: Int)] = []
        var skipped = [channels]
        skips = rows * columns * channels
        for level in widths.indices {
            for _ in 0..<unet.layersPerBlock[level] {
                stage(
                    unet, level, channels, widths[level], pixels: rows * columns,
                    isCross: unet.downBlockTypes[level] == "CrossAttnDownBlock2D")
                channels = widths[level]
                skips += rows * columns * channels
                skipped.append(channels)
            }
            sizes.append((rows, columns))
            if level < widths.count - 1 {
                (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2)
                skips += rows * columns * channels
                skipped.append(channels)
            }
        }
        stage(unet, widths.count - 1, channels, channels, pixels: rows * columns, isCross: true)
        stage(unet, widths.count - 1, channels, channels, pixels: rows * columns, isCross: false)
        for (index, level) in widths.indices.reversed().enumerated() {
            (rows, columns) = sizes[level]
            for _ in 0...unet.layersPerBlock[level] {
                stage(
                    unet, level, channels + skipped.removeLast(), widths[level], pixels: rows * columns,
                    isCross: unet.upBlockTypes[index] == "CrossAttnUpBlock2D")
                channels = widths[level]
            }
        }
        inference = skips + widest
        recomputed = skips + inputs + largest
    }

    /// One ResNet block and the transformer after it.
    private mutating func stage(
        _ unet: UNetConfiguration, _ level: Int, _ inputs: Int, _ outputs: Int, pixels: Int, isCross: Bool
    ) {
        // Norm and convolution twice, the timestep, the sum, and a shortcut where the width changes.
        var count = pixels * (2 * inputs + (inputs == outputs ? 5 : 6) * outputs)
        var most = pixels * (inputs + 3 * outputs)
        if isCross {
            let inner = unet.attentionHeads[level] * (outputs / max(unet.attentionHeads[level], 1))
            // Two attentions (5 and 7 results), the feed-forward layer (norm, 8 wide, 4 wide, result, sum), and what the
            // adapter adds to six projections of pixels.
            count += pixels * (3 * outputs + inner * (12 + 15 + 18) * unet.transformerLayersPerBlock[level])
            most = max(most, pixels * 15 * inner)
        }
        kept += count
        self.inputs += pixels * inputs
        largest = max(largest, count)
        widest = max(widest, most)
    }
}
