// The Sampler service.
