import RPC

/// Who may call and serve what in a run: all of it is in this table.
enum RunPermissions {
    private static let membership = [
        "atelier.control.Fleet/Enter", "atelier.control.Fleet/Heartbeat", "atelier.control.Fleet/Leave",
    ]

    static let table = Permissions([
        .init(
            Permissions.everyone,
            calls: ["grpc.health.v1.Health/*", "atelier.reflection.Reflection/*"],
            serves: ["grpc.health.v1.Health", "atelier.reflection.Reflection", "atelier.introspection.Introspection"]),
        .init("coordinator", serves: ["atelier.control.*", "atelier.admin.Admin"]),
        .init(
            "learner",
            calls: membership + ["atelier.control.Learning/*", "atelier.score.Score/*"],
            serves: ["atelier.data.*"]),
        .init("reward", calls: membership, serves: ["atelier.score.Score"]),
        // A sampler serves adapters to the others of its host.
        .init(
            "sampler",
            calls: membership + ["atelier.control.Sampling/*", "atelier.data.*", "atelier.score.Score/*"],
            serves: ["atelier.data.*"]),
        .init(
            "operator",
            calls: [
                "atelier.admin.Admin/*", "atelier.control.Fleet/Plan", "atelier.score.Score/*",
                "atelier.introspection.Introspection/*",
            ]),
        .init(
            "observer",
            calls: [
                "atelier.admin.Admin/Status", "atelier.admin.Admin/Tail", "atelier.introspection.Introspection/*",
            ]),
    ])
}
