// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Calls of one method since the process started.
public struct IntrospectionMethodFigures: Sendable, Hashable {
    public var method: String
    /// Whether this process made them; else it served them.
    public var originated: Bool
    public var started: UInt64
    /// Ended calls by status code.
    public var ended: [UInt32: UInt64]
    public var meanSeconds: Double
    /// Upper bound of the bucket that holds the median.
    public var medianSeconds: Double
    public var slowestPercentSeconds: Double

    /// A message; every field may be left at its default.
    public init() { self.init(method: "") }

    /// A message with the given fields.
    public init(
        method: String = "", originated: Bool = false, started: UInt64 = 0, ended: [UInt32: UInt64] = [:],
        meanSeconds: Double = 0, medianSeconds: Double = 0, slowestPercentSeconds: Double = 0
    ) {
        self.method = method
        self.originated = originated
        self.started = started
        self.ended = ended
        self.meanSeconds = meanSeconds
        self.medianSeconds = medianSeconds
        self.slowestPercentSeconds = slowestPercentSeconds
    }
}

extension IntrospectionMethodFigures: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__MethodFigures()
        atelier__introspection__method_figures__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__MethodFigures.self).pointee
        self.init()
        method = WireValue.string(c.method)
        originated = c.originated != 0
        started = c.started
        ended = WireValue.dictionary(c.ended, c.n_ended) { ($0.key, $0.value) }
        meanSeconds = c.mean_seconds
        medianSeconds = c.median_seconds
        slowestPercentSeconds = c.slowest_percent_seconds
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__MethodFigures.self)
        if !method.isEmpty { c.pointee.method = arena.string(method) }
        c.pointee.originated = originated ? 1 : 0
        c.pointee.started = started
        let endedDescriptor: WireDescriptor = {
            var entry = Atelier__Introspection__MethodFigures__EndedEntry()
            atelier__introspection__method_figures__ended_entry__init(&entry)
            return WireDescriptor(entry.base.descriptor)
        }()
        c.pointee.n_ended = ended.count
        c.pointee.ended = arena.array(
            ended.sorted { $0.key < $1.key }.map { pair in
                let entry = arena.entry(endedDescriptor).assumingMemoryBound(
                    to: Atelier__Introspection__MethodFigures__EndedEntry.self)
                entry.pointee.key = pair.key
                entry.pointee.value = pair.value
                return Optional(entry)
            })
        c.pointee.mean_seconds = meanSeconds
        c.pointee.median_seconds = medianSeconds
        c.pointee.slowest_percent_seconds = slowestPercentSeconds
    }
}
