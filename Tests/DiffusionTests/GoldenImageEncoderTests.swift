import Autograd
import TensorCore
import Testing

@testable import Diffusion

/// CLIP's picture tower against transformers' (`Tests/Fixtures/image_encoder/make_image_encoder.py`).
struct GoldenImageEncoderTests {
    @Test func encodesAsTransformersDoes() throws {
        let fixture = try GoldenFixture("image_encoder/model")
        let encoder = try StableDiffusion.loadImageEncoder(fixture.url)
        let output = encoder(Variable(try fixture.image("pixel_values")))
        expectClose(output.lastHiddenState.value, try fixture.tensor("last_hidden_state"), tolerance: 1e-5)
        expectClose(try #require(output.imageEmbeddings).value, try fixture.tensor("image_embeds"), tolerance: 1e-5)
    }
}
