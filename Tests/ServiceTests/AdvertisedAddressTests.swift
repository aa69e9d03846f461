import Foundation
import ServiceRuntime
import Testing

/// What the registry is told of a service that listens at all addresses of its machine.
struct AdvertisedAddressTests {
    private static let key = "#" + String(repeating: "ab", count: 32)

    @Test(arguments: [
        ("head", "tcp://head:4000"), ("head:5000", "tcp://head:5000"), ("10.0.0.7", "tcp://10.0.0.7:4000"),
        ("[fe80::1]", "tcp://[fe80::1]:4000"), ("[fe80::1]:5000", "tcp://[fe80::1]:5000"),
    ])
    func othersAreToldTheHostWithPortAndKey(advertised: String, expected: String) throws {
        let place = try AdvertisedAddress(listeningAt: "tcp://0.0.0.0:0", advertised: advertised)
        #expect(place.address(of: "tcp://0.0.0.0:4000\(Self.key)") == expected + Self.key)
        #expect(place.address(of: "tcp://0.0.0.0:4000") == expected)
    }

    @Test func whoCanBeReachedAtTheAddressItselfSaysThat() throws {
        for address in ["tcp://10.0.0.7:4000", "ipc:///run/atelier/data"] {
            let place = try AdvertisedAddress(listeningAt: address, advertised: nil)
            #expect(place.address(of: address + Self.key) == address + Self.key)
        }
    }

    @Test(arguments: ["tcp://0.0.0.0:4000", "tcp://*:4000", "tcp://[::]:0"])
    func anAddressThatNobodyCanDialIsRefused(address: String) {
        let error = #expect(throws: ServiceError.self) {
            try AdvertisedAddress(listeningAt: address, advertised: nil)
        }
        #expect(error?.exitCode == .refused)
        #expect(error?.description.contains("--advertise HOST") == true)
    }

    @Test(arguments: ["", "0.0.0.0", "head:", "head:0", "head:99999", "a/b", "tcp://head", "fe80::1", "head#1", "a b"])
    func whatIsNoHostIsRefused(advertised: String) {
        let error = #expect(throws: ServiceError.self) {
            try AdvertisedAddress(listeningAt: "tcp://0.0.0.0:4000", advertised: advertised)
        }
        #expect(error?.exitCode == .usage)
    }

    /// Before the model is read and anything is bound.
    @Test func theProgramsSayItInOneLine() async throws {
        let place = try Workplace()
        let configuration = try place.configure()
        for (program, arguments) in [
            ("atelier-learner", ["--config", configuration, "--out", place.path("out")]),
            ("atelier-reward", ["--spec", "checker"]),
        ] {
            let ended = try await place.run(
                program, arguments + ["--coordinator", "tcp://127.0.0.1:1", "--address", "tcp://0.0.0.0:4000"])
            #expect(ended.ending == .exited(3))
            #expect(ended.error.split(separator: "\n").count == 1, "\(ended.error)")
            #expect(ended.lastLine.contains("say with --advertise HOST where they find it"), "\(ended.error)")
        }
    }
}
