import ArgumentParser
import Foundation
import RPC
import ServiceAPI
import Wire

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Follows what happens until the run is over.")

    @Option(help: "Begin after the notice of this number.")
    var after: UInt64 = 0
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.call { client in
            let options = CallOptions(timeout: .seconds(30 * 86_400))
            for try await item in try await client.tail(AdminTailRequest(after: after), options: options) {
                let notice = RunNotice(item.message)
                if connection.json {
                    try Output.json(notice)
                } else {
                    let time = Date(timeIntervalSince1970: notice.time).formatted(.iso8601)
                    let figures = notice.report.map { ": reward \(Figures.fixed($0.rewardMean, 4))" } ?? ""
                    Output.line("\(time) \(notice.kind.rawValue) \(notice.message)\(figures)")
                }
            }
        }
    }
}
