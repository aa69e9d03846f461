// The RL module.
