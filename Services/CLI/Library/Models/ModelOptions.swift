import ArgumentParser
import Diffusion
import Foundation
import NeuralNet
import ServiceRuntime
import TensorCore

/// Which model a one-off command works on.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of a model in the diffusers layout, or 'menagerie' for the embedded one.", valueName: "dir"))
    var model: String

    @Option(
        help: ArgumentHelp(
            "A LoRA adapter (a folder of PEFT's, or a file of diffusers' or kohya's), or any checkpoint of a run.",
            valueName: "path"))
    var adapter: String?

    @Option(
        name: [.customLong("adapter-scale"), .customLong("scale")],
        help: "How much of the adapter: 0 is the base model, 1 the tuned one.")
    var adapterScale: Float?

    @Option(help: "Variant of the weights, for instance fp16 for files named *.fp16.safetensors.")
    var variant: String?

    func validate() throws {
        if let adapterScale {
            guard adapter != nil else { throw ValidationError("--adapter-scale: there is no --adapter to scale") }
            guard adapterScale.isFinite else { throw ValidationError("--adapter-scale: a finite number is needed") }
        }
    }

    /// The pipeline's folder, with `unet/`, `vae/` and so on below.
    func folder() throws -> URL {
        guard model != ModelLocation.embedded else { return try ModelLocation.folder(model) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: model, isDirectory: &isFolder), isFolder.boolValue else {
            throw ServiceError("\(model): there is no such folder")
        }
        return URL(filePath: model)
    }

    /// The adapter, if one is asked for.
    func loadAdapter() throws -> AdapterSet? { try adapter.map { try AdapterSet(path: $0) } }

    /// How the model is read: with the adapter merged into its weights.
    func loading(_ adapter: AdapterSet?, precision: ComputePrecision = .f32) -> LoadingOptions {
        var options = LoadingOptions()
        options.variant = variant
        options.precision = precision
        options.adapters = adapter?.deltas(factor: adapterScale ?? 1) ?? [:]
        return options
    }

    /// The whole pipeline, with the adapter in it.
    func loadPipeline(_ precision: ComputePrecision = .f32) throws -> StableDiffusion {
        let (folder, adapter) = (try folder(), try loadAdapter())
        let pipeline = try StableDiffusion(folder: folder, options: loading(adapter, precision: precision))
        if let adapter, adapter.components[.textEncoder2] != nil, pipeline.prompts.second == nil {
            throw ServiceError("\(adapter.path): the adapter is for two text encoders, \(folder.path) has one")
        }
        return pipeline
    }

    /// The UNet alone, with the adapter in it.
    func loadUNet(_ precision: ComputePrecision = .f32) throws -> UNet {
        let (folder, adapter) = (try folder(), try loadAdapter())
        try require(.unet, of: adapter)
        return try StableDiffusion.loadUNet(
            folder.appending(path: "unet"), options: loading(adapter, precision: precision)
        ).0
    }

    /// Refuses an adapter that does not change a component.
    func require(_ component: AdapterComponent, of adapter: AdapterSet?) throws {
        guard let adapter, !adapter.changed.contains(component) else { return }
        throw ServiceError("--adapter \(adapter.path): it does not change the \(component.rawValue)", exitCode: .usage)
    }

    /// Refuses an adapter where there is nothing it could change.
    func requireNoAdapter(for component: String) throws {
        if let adapter {
            throw ServiceError(
                "--adapter \(adapter): an adapter changes the unet, not the \(component)", exitCode: .usage)
        }
    }
}

/// How a one-off command computes.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Compute threads.")
    var threads = ComputeThreads.standard

    func validate() throws {
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads \(threads): 1 to 1024 are possible")
        }
    }

    /// Sets the threads of the thread that calls, and of it alone: call it where the computing starts, not before an
    /// `await`.
    func apply() { ComputeThreads.set(threads) }
}

extension ComputePrecision: ExpressibleByArgument {
    /// What was asked for by `--dtype`.
    ///
    /// - Throws: `ServiceError` if this processor has no instructions for it.
    func available() throws -> ComputePrecision {
        guard supported == self else {
            throw ServiceError(
                "--dtype \(rawValue): this processor has no bf16 instructions (avx512_bf16); use f32",
                exitCode: .refused)
        }
        return self
    }
}
