// The Messaging module.
