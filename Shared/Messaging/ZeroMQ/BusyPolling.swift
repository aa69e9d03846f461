/// Decides whether a thread that waits for an answer polls for it a moment before it sleeps.
///
/// To be woken takes 15 to 30 µs on a virtual machine, as long as a small call. So a thread that has asked one peer, and
/// has nothing else to do, polls for the answer; as with a mutex that spins, only while that is known to help.
struct BusyPolling {
    /// The longest time to poll; between two looks the processor is offered to others.
    static let duration: Duration = .microseconds(50)
    /// An answer that took longer is not polled for the next time: part of this is the time to be woken.
    static let promptWait: Duration = .microseconds(100)
    /// With more answers to come it is work done in all that counts, and others do it on the processor meanwhile.
    static let maximumAnswers = 2

    private var lastWaitWasPrompt = true

    /// Whether to poll.
    func isWorthwhile(expectedAnswers: Int) -> Bool {
        lastWaitWasPrompt && (1...Self.maximumAnswers).contains(expectedAnswers)
    }

    /// A wait for an answer has ended, polled for or slept through.
    mutating func ended(after wait: Duration) {
        lastWaitWasPrompt = wait <= Self.promptWait
    }
}
