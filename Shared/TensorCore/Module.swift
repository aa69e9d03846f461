// The TensorCore module.
