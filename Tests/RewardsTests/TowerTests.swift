import Autograd
import Encoders
import Foundation
import TensorCore
import Testing

/// The towers of reward models against transformers'.
struct TowerTests {
    @Test func clipEncodesPicturesAndTexts() throws {
        let fixture = try TowerFixture("clip")
        let vision = try CLIPVisionEncoder(fixture.folder)(fixture.pixels)
        try fixture.expect(vision.lastHiddenState, "vision.last_hidden_state")
        try fixture.expect(vision.imageEmbeddings, "image_embeds")
        let text = try CLIPTextEncoder(fixture.folder)(fixture.rows("input_ids"))
        try fixture.expect(text.lastHiddenState, "text.last_hidden_state")
        try fixture.expect(text.textEmbeddings, "text_embeds")
    }

    @Test func aVisionTransformerEncodesPictures() throws {
        let fixture = try TowerFixture("vit")
        let output = try ViTEncoder(fixture.folder)(fixture.pixels)
        try fixture.expect(output.lastHiddenState, "last_hidden_state")
        try fixture.expect(output.pooled, "pooler_output")
    }

    @Test func bertSeesWhatTheMaskShowsOnly() throws {
        let fixture = try TowerFixture("bert")
        let input = BERTEncoder.Input(
            try fixture.rows("input_ids"), visible: try fixture.visible, types: try fixture.rows("token_type_ids"))
        let output = try BERTEncoder(fixture.folder)(input)
        try fixture.expect(output.lastHiddenState, "last_hidden_state")
        try fixture.expect(output.pooled, "pooler_output")
    }

    @Test func blipReadsTextInTheLightOfAPicture() throws {
        let fixture = try TowerFixture("blip")
        let vision = try ViTEncoder(fixture.folder)(fixture.pixels)
        try fixture.expect(vision.lastHiddenState, "vision.last_hidden_state")
        let input = BERTEncoder.Input(try fixture.rows("input_ids"), visible: try fixture.visible)
        let output = try BERTEncoder(fixture.folder)(input, context: vision.lastHiddenState)
        try fixture.expect(output.lastHiddenState, "last_hidden_state")
    }

    @Test func alignEncodesPicturesAndTexts() throws {
        let fixture = try TowerFixture("align")
        let vision = try EfficientNet(fixture.folder)(fixture.pixels)
        try fixture.expect(vision.lastHiddenState, "vision.last_hidden_state")
        try fixture.expect(vision.imageEmbeddings, "image_embeds")
        let input = BERTEncoder.Input(try fixture.rows("input_ids"), visible: try fixture.visible)
        let text = try BERTEncoder(fixture.folder)(input)
        try fixture.expect(text.lastHiddenState, "text.last_hidden_state")
        try fixture.expect(text.textEmbeddings, "text_embeds")
    }

    @Test(.enabled(if: ComputePrecision.bf16.supported == .bf16, "this processor has no bf16 instructions"))
    func towersInBF16StayNearThoseInF32() throws {
        let clip = try TowerFixture("clip")
        try clip.expect(
            CLIPVisionEncoder(clip.folder, precision: .bf16)(clip.pixels).imageEmbeddings, "image_embeds",
            tolerance: 3e-2)
        let align = try TowerFixture("align")
        try align.expect(
            EfficientNet(align.folder, precision: .bf16)(align.pixels).imageEmbeddings, "image_embeds",
            tolerance: 3e-2)
        let bert = try TowerFixture("bert")
        let input = BERTEncoder.Input(
            try bert.rows("input_ids"), visible: try bert.visible, types: try bert.rows("token_type_ids"))
        try bert.expect(
            BERTEncoder(bert.folder, precision: .bf16)(input).lastHiddenState, "last_hidden_state", tolerance: 3e-2)
    }

    @Test func aFolderOfAnotherModelIsNamed() throws {
        let error = #expect(throws: EncoderError.self) { try ViTEncoder(TowerFixture("bert").folder) }
        #expect(error?.description.contains("bert/config.json: model_type: 'bert' is not supported here") == true)
    }

    @Test func wordPiecesAreTransformersTokens() throws {
        let folder = TowerFixture.root.appending(path: "wordpiece")
        let tokenizer = try makeTokenizer(folder: folder.path)
        let data = try Data(contentsOf: folder.appending(path: "tokens.json"))
        let texts = try JSONDecoder().decode([String: [Int]].self, from: data)
        #expect(texts.count == 17)
        for (text, tokens) in texts { #expect(tokenizer.encode(text, length: 12) == tokens, "'\(text)'") }
    }
}
