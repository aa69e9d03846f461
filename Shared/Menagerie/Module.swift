// The Menagerie module.
