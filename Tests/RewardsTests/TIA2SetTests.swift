import Foundation
import Imaging
import Rewards
import Testing

/// The files of the TIA² benchmark, of which this test writes a small set.
struct TIA2SetTests {
    private static let labels = """
        {"image_0_0_0.jpg": {"image": "image_0_0_0.jpg", "caption": "a dog", "human_labels": [1, 0, 1]},
         "image_0_0_1.jpg": {"image": "image_0_0_1.jpg", "caption": "a dog", "human_labels": [0, -1, 0]}}
        """
    private static let scores = """
        {"a dog": {"human": 0.5, "clip": {"auroc": 0.25, "auprc": 0.5, "ap5": 1, "ap10": 1, "ap25": 1, "spearman": 0.5,
         "kendall": 0.1, "scale": 3.0}},
         "a cat": {"human": 0.1, "clip": {"auroc": 0.75, "auprc": 1, "ap5": 0, "ap10": 1, "ap25": 1, "spearman": -0.5,
         "kendall": 0.3}}}
        """

    @Test func readsLabelsPicturesContrastsAndPublishedScores() throws {
        let folder = try TemporaryFolder()
        let picture = Picture(width: 8, height: 8, red: 1, green: 2, blue: 3)
        try folder.write("human_annotations/human_labels_counting.json", Data(Self.labels.utf8))
        try folder.write("alignment_scores/alignment_scores_counting.json", Data(Self.scores.utf8))
        try folder.write("prompts/prompt_set_counting.json", Data(#"{"a dog": ["two dogs"]}"#.utf8))
        for name in ["image_0_0_0.jpg", "image_0_0_1.jpg"] {
            try folder.write("images/counting/\(name)", Data(picture.jpegData(quality: 90)))
        }
        let set = try TIA2Set(folder: folder.url)
        #expect(set.labelledSubsets == ["counting"] && set.publishedSubsets == ["counting"])
        let entries = try set.entries("counting")
        #expect(entries.map(\.prompt) == ["a dog", "a dog"])
        #expect(entries.map(\.labels) == [[1, 0, 1], [0, -1, 0]])
        #expect(entries.allSatisfy { FileManager.default.fileExists(atPath: $0.file.path) })
        #expect(try set.contrasts("counting") == ["a dog": ["two dogs"]])
        let clip = try #require(try set.published("counting")["clip"])
        #expect(clip.macro.auroc == 0.5 && clip.macro.ap5 == 0.5 && clip.macro.spearman == 0 && clip.macro.ece == nil)
        #expect(clip.prompts.count == 2)
    }

    @Test func whatIsNotThereIsNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write("human_labels_counting.json", Data(Self.labels.utf8))
        let set = try TIA2Set(folder: folder.url)
        let missing = #expect(throws: RewardError.self) { try set.entries("counting") }
        #expect(missing?.message.contains("'image_0_0_0.jpg' is not there") == true)
        let empty = try TemporaryFolder()
        try empty.write("other.json", Data("{}".utf8))
        let nothing = #expect(throws: RewardError.self) { try TIA2Set(folder: empty.url) }
        #expect(nothing?.message.contains("human_labels_SUBSET.json") == true)
    }
}
