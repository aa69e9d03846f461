extension ModelOutline {
    /// The outline of a published checkpoint, for who does not have it at hand; `nil` for a name that is not known.
    ///
    /// Configurations and parameter counts are those of the published pipelines; weights are taken to be stored in f32.
    ///
    /// - Parameter name: the last part of the folder's path, such as `stable-diffusion-v1-5`.
    public init?(published name: String) {
        var (unet, vae) = (UNetConfiguration(), VAEConfiguration())
        switch name {
        case "stable-diffusion-v1-4", "stable-diffusion-v1-5":
            (unetParameters, textParameters) = (859_520_964, 123_060_480)
        case "stable-diffusion-2-1", "stable-diffusion-2-1-base":
            (unetParameters, textParameters) = (865_910_724, 340_387_840)
            unet.crossAttentionDimension = 1024
            unet.attentionHeads = .each([5, 10, 20, 20])
            unet.usesLinearProjection = true
            if name == "stable-diffusion-2-1" { (unet.sampleSize, vae.sampleSize) = (96, 768) }
        case "stable-diffusion-xl-base-1.0":
            (unetParameters, textParameters) = (2_567_463_684, 817_720_320)
            unet.blockOutChannels = [320, 640, 1280]
            unet.downBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]
            unet.upBlockTypes = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]
            unet.crossAttentionDimension = 2048
            unet.attentionHeads = .each([5, 10, 20])
            unet.transformerLayersPerBlock = .each([1, 2, 10])
            unet.usesLinearProjection = true
            (unet.additionEmbedType, unet.additionTimeEmbedDimension) = ("text_time", 256)
            unet.projectionClassEmbeddingsInputDimension = 2816
            (unet.sampleSize, vae.sampleSize, vae.scalingFactor) = (128, 1024, 0.13025)
        default: return nil
        }
        (self.unet, self.vae, unetStored, vaeStored) = (unet, vae, 4, 4)
    }
}
