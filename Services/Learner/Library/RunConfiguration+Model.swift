import Diffusion
import NeuralNet
import RunConfiguration

extension RunConfiguration {
    /// How pictures are drawn.
    var samplingSettings: SamplingSettings {
        SamplingSettings(
            steps: sampling.steps, guidance: sampling.guidance, eta: sampling.eta, scheduler: sampling.scheduler)
    }

    /// The adapter, with the run's one seed for its start.
    var adapterConfiguration: LoRAConfiguration {
        var lora = lora
        lora.seed = seed
        return lora
    }
}
