// The ServiceAPI module.
