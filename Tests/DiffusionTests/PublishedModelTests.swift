import Testing

@testable import Diffusion

@Suite struct PublishedModelTests {
    /// The matrices of the network that is built from a configuration are all but a few of the published parameters.
    @Test(arguments: [
        "stable-diffusion-v1-4", "stable-diffusion-v1-5", "stable-diffusion-2-1", "stable-diffusion-2-1-base",
        "stable-diffusion-xl-base-1.0",
    ])
    func theConfigurationOfAPublishedCheckpointHasItsParameters(name: String) throws {
        let outline = try #require(ModelOutline(published: name))
        let network = UNetFootprint(outline.unet, outline.size, .f32, .inference).footprint
        let share = Double(network.parameters) / Double(outline.unetParameters)
        #expect((0.99...1).contains(share), "\(share)")
    }

    @Test func otherNamesAreNotGuessed() {
        #expect(ModelOutline(published: "stable-diffusion-3") == nil)
    }
}
