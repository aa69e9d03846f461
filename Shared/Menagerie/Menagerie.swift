public import Imaging

/// The embedded world: scenes of animals and shapes, their captions, their pictures, and a judge.
public enum Menagerie {
    /// The side of every picture, in pixels.
    public static let side = 64

    /// A caption with the picture that it is (mostly) true of.
    public struct Example: Hashable, Sendable {
        /// What the model is told; with noise it may miss or mistake an attribute of the scene.
        public let caption: String
        public let picture: Picture
        public let scene: Scene
    }

    /// The training example with this index: a pure function of its arguments.
    public static func example(seed: UInt64, index: Int, distribution: Distribution = Distribution()) -> Example {
        let (caption, scene) = captionedScene(seed: seed, index: index, distribution: distribution)
        return Example(caption: caption, picture: Renderer.render(scene), scene: scene)
    }

    /// The scene and caption of an example, without the picture.
    public static func captionedScene(seed: UInt64, index: Int, distribution: Distribution = Distribution())
        -> (caption: String, scene: Scene)
    {
        var stream = RandomStream(seed: seed, index: index)
        let scene = distribution.scene(using: &stream)
        let told = distribution.noise.applied(to: scene.description, using: &stream)
        return (told.caption(.random(using: &stream)), scene)
    }
}
