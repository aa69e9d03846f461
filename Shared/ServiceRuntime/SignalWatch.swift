import Dispatch
import Foundation

/// Turns SIGTERM and SIGINT into the order to stop; the second one ends the process at once.
public final class SignalWatch {
    private let sources: [any DispatchSourceSignal]

    public init(_ shutdown: Shutdown) {
        // A peer that closes its end must not kill the process.
        signal(SIGPIPE, SIG_IGN)
        // A file that may not grow is an error of `write`, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let name = number == SIGINT ? "interrupted" : "terminated"
                if !shutdown.request(name) { _exit(128 + number) }
            }
            source.resume()
            return source
        }
    }
}
