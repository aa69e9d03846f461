// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// What the validation of one policy came to.
public struct ControlValidationReport: Sendable, Hashable {
    public var version: UInt32
    public var samples: UInt32
    public var mean: Double
    public var standardError: Double
    /// Pictures that earn more than the base model's of the same prompt and noise.
    public var better: UInt32
    /// The version that is the best so far.
    public var selected: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(version: 0) }

    /// A message with the given fields.
    public init(
        version: UInt32 = 0, samples: UInt32 = 0, mean: Double = 0, standardError: Double = 0, better: UInt32 = 0,
        selected: UInt32 = 0
    ) {
        self.version = version
        self.samples = samples
        self.mean = mean
        self.standardError = standardError
        self.better = better
        self.selected = selected
    }
}

extension ControlValidationReport: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__ValidationReport()
        atelier__control__validation_report__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__ValidationReport.self).pointee
        self.init()
        version = c.version
        samples = c.samples
        mean = c.mean
        standardError = c.standard_error
        better = c.better
        selected = c.selected
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__ValidationReport.self)
        c.pointee.version = version
        c.pointee.samples = samples
        c.pointee.mean = mean
        c.pointee.standard_error = standardError
        c.pointee.better = better
        c.pointee.selected = selected
    }
}
