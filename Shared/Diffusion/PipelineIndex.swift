import Foundation

/// `model_index.json`: which pipeline of diffusers a checkpoint is for.
public struct PipelineIndex {
    /// The pipeline's class.
    public let className: String
    /// SDXL's `force_zeros_for_empty_prompt`.
    public let hasZerosForNoPrompt: Bool
    /// The parts that the file names and that are there.
    public let parts: [String]

    /// The pipelines that can be run here.
    static let supported = ["StableDiffusionPipeline", "StableDiffusionXLPipeline"]

    /// Whether there are two text encoders.
    public var isXL: Bool { className == "StableDiffusionXLPipeline" }

    /// Reads the index of a checkpoint.
    ///
    /// - Throws: ``ModelError`` naming the file, and the pipeline if it is another one than of Stable Diffusion.
    public init(folder: URL) throws(ModelError) {
        let file = folder.appending(path: "model_index.json")
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ModelError(path: file.path, reason: "cannot be read; a diffusers model folder is needed")
        }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let name = object["_class_name"] as? String
        else { throw ModelError(path: file.path, reason: "it does not name a pipeline (_class_name)") }
        guard Self.supported.contains(name) else {
            throw ModelError(
                path: file.path,
                reason: "_class_name: '\(name)' is not supported (\(Self.supported.joined(separator: ", ")))")
        }
        className = name
        hasZerosForNoPrompt = object["force_zeros_for_empty_prompt"] as? Bool ?? true
        parts = object.filter { ($0.value as? [Any])?.first is String }.map(\.key).sorted()
    }
}
