// Pretraining.
