import Foundation
public import Messaging

/// What one process needs to know to prove who it is: a file of mode 0600, which can be taken to another machine.
public struct KeyFile: Sendable {
    /// What its holder is called on the allow list.
    public var name: String
    /// What its holder may do.
    public var role: Role
    /// The keys.
    public var keys: KeyPair
    /// The key of the run's coordinator, if there was one when the file was made: workers dial it first.
    public var coordinator: PublicKey?

    init(name: String, role: Role, keys: KeyPair, coordinator: PublicKey?) {
        self.name = name
        self.role = role
        self.keys = keys
        self.coordinator = coordinator
    }

    /// Reads a file.
    ///
    /// - Throws: `ServiceError` that names the file, if it is missing, wrong, or others can read it.
    public init(at path: String) throws(ServiceError) {
        do throws(KeyError) {
            self = try Self(text: try GuardedFile.text(path, secret: true), path)
        } catch {
            throw ServiceError(error.description, exitCode: .refused)
        }
    }

    private init(text: String, _ path: String) throws(KeyError) {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 2 else { throw KeyError("\(path): a line is not of the form WORD VALUE") }
            values[words[0]] = words[1]
        }
        func value(_ word: String) throws(KeyError) -> String {
            guard let value = values[word] else { throw KeyError("\(path): no line '\(word) …': not a file of a key") }
            return value
        }
        name = try value("name")
        guard let role = Role(rawValue: try value("role")) else {
            throw KeyError("\(path): there is no role '\(try value("role"))'; there are: \(Role.list)")
        }
        self.role = role
        do throws(KeyError) {
            keys = try KeyPair(publicText: try value("public"), secretText: try value("secret"))
        } catch {
            throw KeyError(error.description.hasPrefix(path) ? error.description : "\(path): \(error.description)")
        }
        coordinator = nil
        if let text = values["coordinator"] {
            guard let key = PublicKey(z85: text) else { throw KeyError("\(path): the key of the coordinator is none") }
            coordinator = key
        }
    }

    var text: String {
        var lines = [
            "# The secret key of \(name): whoever can read it can be \(name).", "name \(name)", "role \(role.rawValue)",
            "public \(keys.publicKey.z85)", "secret \(keys.secretText)",
        ]
        if let coordinator { lines.append("coordinator \(coordinator.z85)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
