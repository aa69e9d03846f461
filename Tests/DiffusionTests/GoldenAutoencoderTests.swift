import Autograd
import Foundation
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

    @Test(arguments: models) func decodesInTilesAsDiffusersDoes(_ name: String) throws {
        let fixture = try GoldenFixture("vae/\(name)")
        let tiles = try GoldenFixture("vae", file: "tiles")
        let vae = try makeVAE(fixture, try fixture.store("diffusion_pytorch_model", trainable: false))
        let latents = try tiles.image("\(name).latents")
        let tiled = vae.decode(latents, tile: vae.configuration.tileSide)
        expectClose(tiled.toNCHW(), try tiles.tensor("\(name).tiled"), tolerance: 1e-5, "tiled")
    }

    @Test func whatIsNoLargerThanATileIsDecodedInOnePiece() throws {
        let fixture = try GoldenFixture("vae/two-levels")
        let vae = try makeVAE(fixture, try fixture.store("diffusion_pytorch_model", trainable: false))
        let latents = try fixture.image("latents")
        #expect(vae.decode(latents, tile: 12).scalars == vae.decode(Variable(latents)).value.scalars)
    }

    /// Of the trained auto-encoder: random ones differ from tile to tile by as much as their pixels do.
    @Test func tilesOfATrainedModelShowNoSeams() throws {
        let shared = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Shared/Menagerie/Base/vae")
        let vae = try StableDiffusion.loadVAE(shared)
        let (height, width) = (vae.configuration.tileSide * vae.configuration.downsampling * 2, 160)
        let pixels = Tensor(
            (0..<height * width * 3).map { index in
                let (row, column, channel) = (Float(index / 3 / width), Float(index / 3 % width), Float(index % 3))
                return 0.8 * sin(row / (9 + channel)) * cos(column / (12 - 2 * channel))
            }, shape: [1, height, width, 3])
        let latents = vae.encode(Variable(pixels)).mean.value
        let whole = vae.decode(Variable(latents)).value
        let difference = vae.decode(latents, tile: vae.configuration.tileSide).subtracting(whole).scalars
        let squares = difference.reduce(0) { $0 + $1 * $1 }
        #expect((squares / Float(difference.count)).squareRoot() < 0.06, "of -1…1")
        // Where one tile ends and the next begins, the difference from the whole picture does not jump.
        let seam = vae.configuration.tileSide * 3 / 4 * vae.configuration.downsampling
        var steps: (atSeams: Float, elsewhere: Float) = (0, 0)
        for row in 0..<height {
            for column in 1..<width {
                for channel in 0..<3 {
                    let at = (row * width + column) * 3 + channel
                    let step = abs(difference[at] - difference[at - 3])
                    if column.isMultiple(of: seam) {
                        steps.atSeams = max(steps.atSeams, step)
                    } else {
                        steps.elsewhere = max(steps.elsewhere, step)
                    }
                }
            }
        }
        #expect(steps.atSeams > 0 && steps.atSeams < steps.elsewhere, "\(steps)")
    }
}
