import Foundation

/// Stops the process when the one that started it is gone, however it went.
///
/// The starter holds the other end of the pipe that is this process's standard input and never writes to it: the end of
/// the file means that nobody holds it any more.
public enum ParentWatch {
    public static func start(_ shutdown: Shutdown) {
        let thread = Thread {
            var byte: UInt8 = 0
            while true {
                let count = read(0, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            shutdown.request("the process that started this one has ended")
        }
        thread.name = "parent-watch"
        thread.start()
    }
}
