// Written by WireGenerator. Do not edit: run protos/generate.sh.

import Messaging

/// The messages that are declared at the top level of the .proto files.
package enum HeadCatalogue {
    /// Their types, by name.
    package static let messages: [any WireMessage.Type] = [
        ZRPAttachment.self,
        ZRPCallHead.self,
        ZRPCallStatus.self,
        ZRPDetail.self,
        ZRPGoAway.self,
        ZRPHello.self,
        ZRPLimits.self,
        ZRPMessageHead.self,
        ZRPMeta.self,
        ZRPPing.self,
        ZRPWelcome.self,
    ]
}
