import Testing

@testable import Messaging

@Suite("Polling for an answer")
struct BusyPollingTests {
    @Test(arguments: [(0, false), (1, true), (2, true), (3, false), (256, false)])
    func isForOneWhoWaitsForOneOrTwoAnswers(answers: Int, isWorthwhile: Bool) {
        #expect(BusyPolling().isWorthwhile(expectedAnswers: answers) == isWorthwhile)
    }

    @Test func endsWithASlowAnswerAndBeginsWithAPromptOne() {
        var polling = BusyPolling()
        polling.ended(after: .milliseconds(3))
        #expect(!polling.isWorthwhile(expectedAnswers: 1))
        polling.ended(after: .microseconds(80))
        #expect(polling.isWorthwhile(expectedAnswers: 1))
    }
}
