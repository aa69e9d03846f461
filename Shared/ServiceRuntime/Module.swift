// The ServiceRuntime module.
