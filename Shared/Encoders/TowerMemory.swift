import Foundation
public import TensorCore

/// How much memory a tower will need, from its configuration and its files' headers alone.
public struct TowerMemory: Hashable, Sendable {
    /// Bytes of the weights, in the layouts in which they are used.
    public var weights: Int
    /// Bytes that the pass of one sample has at once, at its peak.
    public var pass: Int
}

extension TransformersFolder {
    /// The need of the folder's picture tower.
    ///
    /// - Parameters:
    ///   - precision: of products, and of activations where no gradient comes back.
    ///   - keepsActivations: whether a gradient is to come back to the pixels.
    /// - Returns: of the weights, and of one picture's pass.
    /// - Throws: errors that name the file.
    public func pictureMemory(_ precision: ComputePrecision, keepsActivations: Bool) throws -> TowerMemory {
        let prefixes = ["vision_model.", "visual", "blip.visual_encoder."]
        let archive = try archive()
        let isWhole = archive.keys.contains { key in prefixes.contains { key.hasPrefix($0) } }
        let weights = Self.weights(archive, precision, isTrained: keepsActivations) { key in
            !isWhole || prefixes.contains { key.hasPrefix($0) }
        }
        let numbers: Int
        let whole = isOpenCLIP ? [:] : try options()
        switch (whole[Tower.vision.rawValue] as? [String: Any] ?? whole)["model_type"] as? String {
        case "align_vision_model":
            let tower = try configuration(EfficientNetConfiguration.self, of: .vision)
            numbers = tower.activations(keepsActivations)
        case "clip_vision_model":
            numbers = try configuration(CLIPVisionConfiguration.self, of: .vision).activations(keepsActivations)
        case nil where isOpenCLIP:
            numbers = try OpenCLIPFolder(self)?.vision.activations(keepsActivations) ?? 0
        default: numbers = try configuration(ViTConfiguration.self, of: .vision).activations(keepsActivations)
        }
        let width = keepsActivations ? ComputePrecision.f32.byteCount : precision.supported.byteCount
        return TowerMemory(weights: weights, pass: width * numbers)
    }

    /// The need of the folder's text tower.
    ///
    /// - Parameters:
    ///   - precision: of products and activations.
    ///   - keepsActivations: whether a gradient is to come back to what the text is read against.
    /// - Returns: of the weights, and of one text's pass.
    /// - Throws: errors that name the file.
    public func textMemory(_ precision: ComputePrecision, keepsActivations: Bool) throws -> TowerMemory {
        let prefixes = ["vision_model.", "visual", "blip.visual_encoder."]
        let weights = Self.weights(try archive(), precision, isTrained: keepsActivations) { key in
            !prefixes.contains { key.hasPrefix($0) }
        }
        let whole = isOpenCLIP ? [:] : try options()
        let type = (whole[Tower.text.rawValue] as? [String: Any] ?? whole)["model_type"] as? String
        let numbers: Int
        if isOpenCLIP || type == "clip_text_model" {
            let text =
                try OpenCLIPFolder(self)?.text ?? configuration(CLIPTextConfiguration.self, of: .text)
            numbers = text.activations(tokens: text.maxPositions, keepsActivations)
        } else {
            let text = try configuration(BERTConfiguration.self, of: .text)
            numbers = text.activations(tokens: min(text.maxPositions, 64), keepsActivations)
        }
        return TowerMemory(weights: weights, pass: ComputePrecision.f32.byteCount * numbers)
    }

    /// Bytes of the weights that are taken: matrices and kernels in their products' layouts, the rest as f32.
    private static func weights(
        _ archive: SafeTensorsArchive, _ precision: ComputePrecision, isTrained: Bool, where isTaken: (String) -> Bool
    ) -> Int {
        archive.keys.filter(isTaken).reduce(0) { sum, key in
            let shape = archive.shape(of: key) ?? []
            let elements = shape.reduce(1, *)
            let stored = elements * (archive.elementType(of: key) == "F32" ? 4 : 2)
            guard shape.count == 2 || shape.count == 4, !key.contains("embedding") || shape.count == 4 else {
                // Tables are read row by row, where the file has them.
                return sum + (shape.count == 2 ? stored : 4 * elements)
            }
            let product = ConvolutionShape(
                inputs: shape[1], outputs: shape[0], height: 1, width: 1, kernel: shape.count == 4 ? shape[2] : 1,
                precision: precision)
            let memory = product.weightMemory(isTrained: isTrained)
            return sum + memory.kept + memory.passing + (memory.readsFile ? stored : 0)
        }
    }
}

extension TransformerConfiguration {
    /// Numbers that the pass of one sequence has at once.
    fileprivate func activations(tokens: Int, _ keepsAll: Bool) -> Int {
        // Input, norm, queries, keys, values, what is attended to, the sum; both sides of the feed-forward layer's activation.
        let layer = tokens * (7 * hiddenSize + 2 * intermediateSize)
        // Kept beside these: both norms and sums; and the gradients of one layer.
        return keepsAll ? layers * (layer + 2 * tokens * hiddenSize) + layer : layer
    }
}

extension PatchConfiguration {
    /// With the pixels, before and after they are prepared.
    fileprivate func activations(_ keepsAll: Bool) -> Int {
        activations(tokens: 1 + grid.patches, keepsAll) + 3 * channels * imageSize * imageSize
    }
}

extension EfficientNetConfiguration {
    /// Pictures of the processor's size, which is ALIGN's 289 for the 600 of the configuration.
    fileprivate func activations(_ keepsAll: Bool) -> Int {
        var side = min(imageSize, 289)
        var (most, sum) = (0, 0)
        let pixels = 3 * channels * side * side
        side = (side + 1) / 2
        for block in blocks {
            let wide = block.inputs * block.expansion
            let before = side * side
            side = (side + block.stride - 1) / block.stride
            // Expanded and activated, convolved and activated, and the block's result.
            let numbers = before * (block.inputs + 2 * wide) + side * side * (3 * wide + block.outputs)
            most = max(most, numbers)
            sum += numbers
        }
        return pixels + (keepsAll ? sum + most : most)
    }
}
