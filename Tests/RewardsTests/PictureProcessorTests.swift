import Foundation
import Imaging
import TensorCore
import Testing

@testable import Rewards

/// What transformers' files say is done to pictures.
struct PictureProcessorTests {
    private func read(_ json: String) throws -> PictureProcessor {
        let folder = try TemporaryFolder()
        try folder.write("preprocessor_config.json", Data(json.utf8))
        return try PictureProcessor.read(folder.url, standard: .clip(side: 224))
    }

    @Test func filesOfAllAgesAreRead() throws {
        let old = try read(
            #"{"size": 224, "crop_size": 224, "do_center_crop": true, "resample": 3, "feature_extractor_type": "CLIP"}"#
        )
        #expect(old.size == .shortestEdge(224) && old.crop == 224 && old.filter == .bicubic)
        let vit = try read(#"{"size": 224, "do_normalize": true, "image_mean": [0.5, 0.5, 0.5], "resample": 2}"#)
        #expect(vit.size == .exactly(height: 224, width: 224) && vit.crop == nil && vit.filter == .bilinear)
        let new = try read(
            #"{"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}, "do_center_crop": true}"#)
        #expect(new.size == .shortestEdge(224) && new.crop == 224)
        let align = try read(
            #"{"size": {"height": 346, "width": 346}, "crop_size": {"height": 289, "width": 289}, "do_center_crop": true,"#
                + #" "resample": 2, "do_normalize": false, "rescale_factor": 0.00784313725490196, "rescale_offset": true}"#
        )
        #expect(align.size == PictureProcessor.align.size && align.crop == 289)
        for channel in 0..<3 {
            #expect(abs(align.mean[channel] - 0.5) < 1e-6 && abs(align.deviation[channel] - 0.5) < 1e-6)
        }
        #expect(throws: RewardError.self) { try read(#"{"resample": 7}"#) }
        #expect(throws: RewardError.self) { try read(#"{"image_mean": [1]}"#) }
    }

    /// The transpose of a linear map: ⟨A x, y⟩ is ⟨x, Aᵀ y⟩.
    @Test(arguments: Picture.Filter.allCases)
    func resamplingHasItsTranspose(_ filter: Picture.Filter) {
        let resampling = Resampling((9, 14), resized: (6, 20), kept: (1..<6, 2..<17), filter)
        let x = Noise(seed: 1, purpose: .experiment).gaussian(shape: [2, 9, 14, 3])
        let y = Noise(seed: 2, purpose: .experiment).gaussian(shape: [2, 5, 15, 3])
        func product(_ a: Tensor, _ b: Tensor) -> Double {
            zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        #expect(abs(product(resampling(x), y) - product(x, resampling.transposed(y))) < 1e-3)
    }
}
