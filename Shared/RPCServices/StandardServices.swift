public import RPC
import Wire

/// What every process serves beside its own services: health, reflection, and introspection.
public struct StandardServices: Sendable {
    /// How the services are.
    public let health: HealthBoard
    /// The calls of the process; it sees them if it is among the endpoint's interceptors.
    public let metrics: CallMetrics

    /// Services with a board of their own.
    public init(health: HealthBoard = HealthBoard(), metrics: CallMetrics = CallMetrics()) {
        self.health = health
        self.metrics = metrics
    }

    /// Services beside those of an endpoint, whose metrics they show.
    public init(of endpoint: Endpoint, health: HealthBoard = HealthBoard()) {
        self.init(health: health, metrics: endpoint.configuration.metrics ?? CallMetrics())
    }

    /// A process's own services, which are serving from now on, and the standard ones.
    public func beside(_ services: [ServiceDefinition], of endpoint: Endpoint) -> [ServiceDefinition] {
        for service in services { health.set(service.name, .serving) }
        let standard: [ServiceDefinition] = [
            .health(health), .introspection(IntrospectionEndpoint(endpoint: endpoint, metrics: metrics)),
        ]
        let names = (services + standard).map(\.name) + ["atelier.reflection.Reflection"]
        return services + standard + [.reflection(ReflectionEndpoint(services: names.sorted()))]
    }
}
