import Dispatch
import Foundation
import Synchronization

/// Turns SIGTERM and SIGINT into the order to stop; the second one ends the process at once.
public final class SignalWatch {
    private let sources: [any DispatchSourceSignal]

    public init(_ shutdown: Shutdown) {
        // A peer that closes its end must not kill the process.
        signal(SIGPIPE, SIG_IGN)
        // A file that may not grow is an error of `write`, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        let count = SignalCount()
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let name = number == SIGINT ? "interrupted" : "terminated"
                if count.next() > 1 { _exit(128 + number) }
                shutdown.request(name)
            }
            source.resume()
            return source
        }
    }
}

/// How many signals have come.
private final class SignalCount: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
