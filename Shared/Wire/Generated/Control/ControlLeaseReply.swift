// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.LeaseReply`.
public struct ControlLeaseReply: Sendable, Hashable {
    /// One of the fields of `offer`.
    public enum Offer: Sendable, Hashable {
        case lease(ControlLease)
        /// Nothing to draw now, and why.
        case wait(String)
        /// The run is over.
        case stop(Bool)
    }

    public var offer: Offer?

    /// A message; every field may be left at its default.
    public init() { self.init(offer: nil) }

    /// A message with the given fields.
    public init(offer: Offer? = nil) {
        self.offer = offer
    }
}

extension ControlLeaseReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__LeaseReply()
        atelier__control__lease_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__LeaseReply.self).pointee
        self.init()
        switch c.offer_case.rawValue {
        case 1: offer = (WireValue.message(c.lease)).map { .lease($0) }
        case 2: offer = .wait(WireValue.string(c.wait))
        case 3: offer = .stop(c.stop != 0)
        default: break
        }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__LeaseReply.self)
        switch offer {
        case .lease(let value):
            c.pointee.offer_case = .init(rawValue: 1)
            c.pointee.lease = arena.message(value).assumingMemoryBound(to: Atelier__Control__Lease.self)
        case .wait(let value):
            c.pointee.offer_case = .init(rawValue: 2)
            c.pointee.wait = arena.string(value)
        case .stop(let value):
            c.pointee.offer_case = .init(rawValue: 3)
            c.pointee.stop = value ? 1 : 0
        case nil: break
        }
    }
}
