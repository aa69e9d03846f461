// The Rewards module.
