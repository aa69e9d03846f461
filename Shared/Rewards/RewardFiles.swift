import Encoders
import Foundation
import TensorCore

extension RewardConfiguration {
    /// Looks for the files that ``makeModel(_:)`` would read, without the time and the memory that weights take.
    ///
    /// Of weights only the headers are read; what their tensors hold is found out when the model is made.
    ///
    /// - Throws: the error of ``makeModel(_:)``, which names the file that is missing or makes no sense.
    public func checkFiles() throws {
        for model in models { try model.checkFiles() }
        for contrasts in contrasts { _ = try contrasts.makeSource() }
        _ = try RewardMemory(self)
    }

    /// Where the tree's contrasting prompts come from.
    private var contrasts: [ContrastConfiguration] {
        switch self {
        case .checker, .fileSize, .pixels, .model: []
        case .combined(_, let parts): parts.flatMap(\.reward.contrasts)
        case .without(_, let base): base.contrasts
        case .textNorm(let base, let contrasts, _): base.contrasts + [contrasts]
        }
    }
}

extension ModelRewardConfiguration {
    fileprivate func checkFiles() throws {
        let folder = TransformersFolder(try EmbeddedRewards.locate(model))
        try RewardLibrary.requireModel(folder)
        if readsPrompts { _ = try makeTokenizer(folder: RewardLibrary.tokenizer(folder)) }
        if let head { _ = try SafeTensorsArchive(path: EmbeddedRewards.locate(head).path) }
        if let references { _ = try PictureFile.all(in: URL(filePath: references)) }
    }
}
