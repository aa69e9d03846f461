import Autograd
import Encoders
import Foundation
import NeuralNet
import TensorCore
import Testing

/// CLIP's text tower against transformers' (`Tests/Fixtures/text_encoder/make_text_encoder.py`).
struct GoldenTextEncoderTests {
    static let models = ["quick-gelu", "gelu"]

    private func makeEncoder(_ fixture: GoldenFixture, _ store: ParameterStore) throws -> CLIPTextEncoder {
        let data = try Data(contentsOf: fixture.url.appendingPathComponent("config.json"))
        return try CLIPTextEncoder(try JSONDecoder().decode(CLIPTextConfiguration.self, from: data), store.root)
    }

    @Test(arguments: models) func encodesAsTransformersDoes(_ name: String) throws {
        let fixture = try GoldenFixture("text_encoder/\(name)")
        let encoder = try makeEncoder(fixture, try fixture.store("model", trainable: false))
        let output = encoder(try fixture.integers("input_ids"))
        for (ours, key) in [
            (output.penultimate, "penultimate"), (output.lastHiddenState, "last_hidden_state"),
            (output.pooled, "pooled"),
        ] {
            expectClose(ours.value, try fixture.tensor(key), tolerance: 1e-5, key)
        }
    }

    @Test(arguments: models) func givesPyTorchsGradients(_ name: String) throws {
        let fixture = try GoldenFixture("text_encoder/\(name)")
        let store = try fixture.store("model")
        let encoder = try makeEncoder(fixture, store)
        let loss = encoder(try fixture.integers("input_ids")).lastHiddenState.meanSquare(try fixture.tensor("target"))
        expectClose(loss.value, try fixture.tensor("loss"), tolerance: 1e-5, "loss")
        backward(loss)
        try fixture.checkGradients(store.parameters, prefix: "text_model.")
    }
}
