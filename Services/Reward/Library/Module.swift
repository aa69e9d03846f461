// The Reward service.
