import ArgumentParser
import Foundation
import Messaging
import ServiceRuntime

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes the keys of a run's processes, and says who may connect.",
        discussion: """
            A folder of keys holds the list of who may connect (allowed) and a file for each holder (NAME.key, mode 0600). \
            A process is given the folder, or its own file, with --keys. `atelier run` makes keys for its own processes by itself.
            """,
        subcommands: [Make.self, Add.self, Revoke.self, List.self])

    /// Which folder is meant.
    struct Place: ParsableArguments {
        @Option(help: "The folder of keys; by default the one of this user.")
        var keys: String?

        var folder: KeyFolder { keys.map { KeyFolder(URL(fileURLWithPath: $0)) } ?? .ofUser }
    }

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Makes a folder with one key for each role.")

        @Argument(help: "The folder; the same as --keys.")
        var path: String?
        @OptionGroup var place: Place

        func validate() throws {
            guard path == nil || place.keys == nil else { throw ValidationError("Name the folder once.") }
        }

        func run() async throws {
            let folder = path.map { KeyFolder(URL(fileURLWithPath: $0)) } ?? place.folder
            try folder.make()
            Output.line("made keys for \(Role.allCases.map(\.rawValue).joined(separator: ", ")) in \(folder.url.path)")
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Lets another holder connect; those that run notice it at once.")

        @Argument(help: "What the holder is called.")
        var name: String
        @Argument(help: "What the holder may do: \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
        var role: Role
        @Option(
            help: "The public half of a key that was made elsewhere (40 characters); without it a key is made here.")
        var `public`: String?
        @OptionGroup var place: Place

        func run() async throws {
            let key = try `public`.map { text in
                guard let key = PublicKey(z85: text) else {
                    throw ServiceError("'\(text)' is not a public key of 40 characters", exitCode: .usage)
                }
                return key
            }
            try place.folder.add(name, role, publicKey: key)
            let file = key == nil ? ": its key is \(place.folder.file(name).path)" : ""
            Output.line("\(name) may connect as \(role.rawValue)\(file)")
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "Shuts a holder out; its sessions end at once.")

        @Argument(help: "What the holder is called.")
        var name: String
        @OptionGroup var place: Place

        func run() async throws {
            try place.folder.revoke(name)
            Output.line("\(name) may not connect any more")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Shows who may connect.")

        @Flag(help: "Print one JSON object and nothing else on standard output.")
        var json = false
        @OptionGroup var place: Place

        private struct Holder: Encodable {
            let name: String
            let role: String
            let key: String
        }

        private struct Answer: Encodable {
            let folder: String
            let allowed: [Holder]
        }

        func run() async throws {
            let holders = try place.folder.read().entries.map { Holder(name: $0.name, role: $0.role, key: $0.key.z85) }
            if json { return try Output.json(Answer(folder: place.folder.url.path, allowed: holders)) }
            for holder in holders { Output.line("\(holder.name)  \(holder.role)  \(holder.key)") }
        }
    }
}

extension Role: ExpressibleByArgument {}
