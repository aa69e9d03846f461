import Autograd
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// AutoencoderKL against diffusers' (`Tests/Fixtures/vae/make_vae.py`).
struct GoldenAutoencoderTests {
    static let models = ["two-levels", "three-levels"]

    private func makeVAE(_ fixture: GoldenFixture, _ store: ParameterStore) throws -> VAE {
        let configuration = try ModelFolder(url: fixture.url).configuration(
            VAEConfiguration.self, options: VAEConfiguration.options)
        #expect(configuration.scalingFactor == 0.7)
        return try VAE(configuration, store.root)
    }

    @Test(arguments: models) func encodesAndDecodesAsDiffusersDoes(_ name: String) throws {
        let fixture = try GoldenFixture("vae/\(name)")
        let vae = try makeVAE(fixture, try fixture.store("diffusion_pytorch_model", trainable: false))
        let posterior = vae.encode(Variable(try fixture.image("pixels")))
        expectClose(posterior.mean.value.toNCHW(), try fixture.tensor("mean"), tolerance: 1e-5, "mean")
        expectClose(posterior.logVariance.value.toNCHW(), try fixture.tensor("logvar"), tolerance: 1e-5, "logvar")
        let decoded = vae.decode(Variable(try fixture.image("latents")))
        expectClose(decoded.value.toNCHW(), try fixture.tensor("decoded"), tolerance: 1e-5, "decoded")
    }

    @Test(arguments: models) func givesPyTorchsGradients(_ name: String) throws {
        let fixture = try GoldenFixture("vae/\(name)")
        let store = try fixture.store("diffusion_pytorch_model")
        let vae = try makeVAE(fixture, store)
        let pixels = Variable(try fixture.image("pixels"), requiresGradient: true)
        let latents = Variable(try fixture.image("latents"), requiresGradient: true)
        let posterior = vae.encode(pixels)
        let zero = Tensor(zeros: posterior.mean.shape)
        let loss =
            vae.decode(latents).meanSquare(try fixture.image("target")) + posterior.mean.meanSquare(zero)
            + 0.1 * posterior.logVariance.meanSquare(zero)
        expectClose(loss.value, try fixture.tensor("loss"), tolerance: 1e-5, "loss")
        backward(loss)
        for (variable, key) in [(pixels, "gradient.pixels"), (latents, "gradient.latents")] {
            expectClose(try #require(variable.gradient).toNCHW(), try fixture.tensor(key), key)
        }
        try fixture.checkGradients(store.parameters)
    }

    @Test(arguments: models) func readsEveryParameterOfTheCheckpoint(_ name: String) throws {
        let fixture = try GoldenFixture("vae/\(name)")
        let store = try fixture.store("diffusion_pytorch_model")
        _ = try makeVAE(fixture, store)
        let archive = try SafeTensorsArchive(folder: fixture.url.path)
        #expect(store.parameters.map(\.path).sorted() == archive.keys)
    }
}
