// The RPC module.
