import Autograd
import NeuralNet
import TensorCore
import Testing

@testable import Diffusion

/// Each building block alone against diffusers' (`Tests/Fixtures/blocks/make_blocks.py`): where an error of a model starts.
struct GoldenBlockTests {
    let fixture: GoldenFixture
    let store: ParameterStore

    init() throws {
        fixture = try GoldenFixture("blocks", file: "blocks")
        store = try fixture.store("blocks", trainable: false)
    }

    private func image(_ key: String) throws -> Variable { Variable(try fixture.image(key)) }

    private func tokens(_ key: String) throws -> Variable { Variable(try fixture.tensor(key)) }

    private func expectImage(_ ours: Variable, _ name: String) throws {
        expectClose(ours.value.toNCHW(), try fixture.tensor("\(name).output"), tolerance: 1e-5, name)
    }

    @Test func givesDiffusersResNetBlocks() throws {
        for (name, outputs, groups) in [("resnet", 24, 8), ("resnet-same", 16, 4)] {
            let block = try ResNetBlock(16, outputs, groups: groups, epsilon: 1e-5, timeWidth: 20, store.root[name])
            // Diffusers' block applies SiLU to the time itself; ours gets it applied, once for all blocks.
            let time = try tokens("\(name).input.time").activated(.silu)
            try expectImage(block(try image("\(name).input.x"), time: time), name)
        }
        let block = try ResNetBlock(16, 8, groups: 4, epsilon: 1e-6, timeWidth: nil, store.root["resnet-vae"])
        try expectImage(block(try image("resnet-vae.input.x")), "resnet-vae")
    }

    @Test func givesDiffusersResampling() throws {
        let down = try Downsample(16, padding: (1, 1), store.root["downsample"])
        try expectImage(down(try image("downsample.input.x")), "downsample")
        let encoderDown = try Downsample(16, padding: (0, 1), store.root["downsample-vae"])
        try expectImage(encoderDown(try image("downsample-vae.input.x")), "downsample-vae")
        let up = try Upsample(16, store.root["upsample"])
        try expectImage(up(try image("upsample.input.x")), "upsample")
    }

    @Test func givesDiffusersAttention() throws {
        let own = try Attention(16, heads: 4, store.root["attention"])
        expectClose(
            own(try tokens("attention.input.x")).value, try fixture.tensor("attention.output"), tolerance: 1e-5)
        let cross = try Attention(16, context: 12, heads: 2, store.root["attention-cross"])
        let output = cross(
            try tokens("attention-cross.input.x"), context: TextContext(try tokens("attention-cross.input.context")))
        expectClose(output.value, try fixture.tensor("attention-cross.output"), tolerance: 1e-5)
    }

    @Test func givesDiffusersTransformers() throws {
        let block = try TransformerBlock(16, context: 12, heads: 4, onlyCross: false, store.root["block"])
        let output = block(try tokens("block.input.x"), context: TextContext(try tokens("block.input.context")))
        expectClose(output.value, try fixture.tensor("block.output"), tolerance: 1e-5)
        for (name, isLinear) in [("transformer", false), ("transformer-linear", true)] {
            let transformer = try SpatialTransformer(
                16, context: 12, heads: 2, layers: 2, groups: 8, linearProjection: isLinear, onlyCross: false,
                store.root[name])
            let output = transformer(
                try image("\(name).input.x"), context: TextContext(try tokens("\(name).input.context")))
            try expectImage(output, name)
        }
    }

    @Test func givesDiffusersTimestepEmbedding() throws {
        let timesteps = try fixture.tensor("sinusoids.input").scalars
        let sinusoids = Sinusoids(UNetConfiguration())(timesteps, width: 32)
        expectClose(sinusoids.value, try fixture.tensor("sinusoids.output"))
        let embedding = try TimestepEmbedding(inputs: 32, outputs: 48, store.root["time"])
        expectClose(
            embedding(try tokens("time.input.x")).value, try fixture.tensor("time.output"), tolerance: 1e-5)
    }
}
