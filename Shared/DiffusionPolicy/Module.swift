// The DiffusionPolicy module.
