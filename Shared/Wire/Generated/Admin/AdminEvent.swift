// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Something that happened, as one line and as data.
public struct AdminEvent: Sendable, Hashable {
    public var sequence: UInt64
    /// Seconds since 1970.
    public var time: Double
    public var kind: String
    public var message: String
    public var report: ControlRoundReport?

    /// A message; every field may be left at its default.
    public init() { self.init(sequence: 0) }

    /// A message with the given fields.
    public init(
        sequence: UInt64 = 0, time: Double = 0, kind: String = "", message: String = "",
        report: ControlRoundReport? = nil
    ) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.message = message
        self.report = report
    }
}

extension AdminEvent: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__Event()
        atelier__admin__event__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__Event.self).pointee
        self.init()
        sequence = c.sequence
        time = c.time
        kind = WireValue.string(c.kind)
        message = WireValue.string(c.message)
        if c.opt_report_case.rawValue == 5 { report = WireValue.message(c.report) }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__Event.self)
        c.pointee.sequence = sequence
        c.pointee.time = time
        if !kind.isEmpty { c.pointee.kind = arena.string(kind) }
        if !message.isEmpty { c.pointee.message = arena.string(message) }
        if let report {
            c.pointee.opt_report_case = .init(rawValue: 5)
            c.pointee.report = arena.message(report).assumingMemoryBound(to: Atelier__Control__RoundReport.self)
        }
    }
}
