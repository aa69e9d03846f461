import NeuralNet
import Testing

@testable import Diffusion

/// Which latents a UNet takes.
struct UNetSizeTests {
    /// A UNet of random weights with as many levels as asked for.
    private func makeUNet(levels: Int) throws -> UNet {
        var configuration = UNetConfiguration()
        configuration.blockOutChannels = [Int](repeating: 4, count: levels)
        configuration.downBlockTypes = [String](repeating: "DownBlock2D", count: levels)
        configuration.upBlockTypes = [String](repeating: "UpBlock2D", count: levels)
        configuration.layersPerBlock = 1
        configuration.normGroups = 2
        configuration.attentionHeads = .same(2)
        configuration.crossAttentionDimension = 4
        return try UNet(configuration, ParameterStore(.random(seed: 1)).root)
    }

    @Test(arguments: [(1, 1, 7), (2, 2, 6), (3, 4, 12), (4, 8, 64)])
    func takesMultiplesOfItsSmallestPixel(levels: Int, height: Int, width: Int) throws {
        try makeUNet(levels: levels).check(height: height, width: width)
    }

    @Test(arguments: [(2, 3, 4), (3, 4, 10), (3, 6, 8), (4, 64, 68), (1, 0, 4), (3, 8, -4)])
    func refusesOtherSizesByName(levels: Int, height: Int, width: Int) throws {
        let unet = try makeUNet(levels: levels)
        let error = try #require(throws: ModelError.self) { try unet.check(height: height, width: width) }
        #expect(error.description.contains("\(height)×\(width)"))
        #expect(error.description.contains("multiples of \(1 << (levels - 1))"))
    }
}
