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

    @Option(help: ArgumentHelp("Folder of a LoRA adapter in PEFT's form, for the unet.", valueName: "dir"))
    var adapter: String?

    /// The pipeline's folder, with `unet/`, `vae/` and so on below.
    func folder() throws -> URL {
        guard model != ModelLocation.embedded else { return try ModelLocation.folder(model) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: model, isDirectory: &isFolder), isFolder.boolValue else {
            throw ServiceError("\(model): there is no such folder")
        }
        return URL(filePath: model)
    }

    /// The whole pipeline, with the adapter in it.
    func loadPipeline(_ precision: ComputePrecision = .f32) throws -> StableDiffusion {
        let (folder, adapter) = (try folder(), try loadAdapter())
        let pipeline = try StableDiffusion(
            folder: folder, lora: adapter?.configuration, adapterIsTrainable: false, precision: precision)
        try adapter?.load(into: pipeline.adapter)
        return pipeline
    }

    /// The UNet alone, with the adapter in it.
    func loadUNet(_ precision: ComputePrecision = .f32) throws -> UNet {
        let (folder, adapter) = (try folder(), try loadAdapter())
        let (unet, store) = try StableDiffusion.loadUNet(
            folder.appending(path: "unet"), lora: adapter?.configuration, adapterIsTrainable: false,
            precision: precision)
        try adapter?.load(into: store.adapter)
        return unet
    }

    private func loadAdapter() throws -> Adapter? {
        try adapter.map { try Adapter(folder: URL(filePath: $0)) }
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

/// The arithmetic that is asked for.
enum ElementType: String, ExpressibleByArgument, CaseIterable, Encodable {
    case f32, bf16

    /// The engine's name for it.
    ///
    /// - Throws: `ServiceError` if this processor has no instructions for it.
    func precision() throws -> ComputePrecision {
        let precision = self == .bf16 ? ComputePrecision.bf16 : .f32
        guard precision.supported == precision else {
            throw ServiceError(
                "--dtype \(rawValue): this processor has no bf16 instructions (avx512_bf16); use f32",
                exitCode: .refused)
        }
        return precision
    }
}
