import Foundation
import Imaging
import RPC
import ServiceAPI
import Testing
import Wire

/// A service that is told to stop: it ends what it has begun; told twice, it ends at once.
@Suite("Services that are told to stop", .timeLimit(.minutes(1)))
struct StoppingTests {
    /// Eight callers who do not ask twice: every call is answered, or was never begun.
    @Test(arguments: RewardPeer.Transport.allCases)
    func whatWasAcceptedIsAnsweredAndTheRestWasNeverBegun(transport: RewardPeer.Transport) async throws {
        let peer = try await RewardPeer(transport)
        let picture = Picture(width: 64, height: 64, red: 51, green: 51, blue: 51)
        let batch = PictureBatch(pictures: [picture, picture], prompts: ["a dog", "a cat"], unit: 7)
        let (answers, answered) = AsyncStream<Int>.makeStream()
        let load = Task {
            await withTaskGroup(of: RPCStatus?.self) { group in
                for _ in 0..<8 {
                    let score = ScoreClient(peer.session)
                    group.addTask {
                        while true {
                            do {
                                let reply = try await score.pictures(batch.wire, attachments: batch.attachments)
                                #expect(reply.message.scores.count == 2)
                                answered.yield(1)
                            } catch {
                                return error as? RPCStatus
                            }
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        var count = 0
        for await _ in answers {
            count += 1
            if count == 200 { break }
        }
        peer.service.child.terminate()
        for status in await load.value {
            #expect(status?.code == .unavailable, "\(status?.description ?? "")")
            #expect(status?.notProcessed == true, "an accepted call was lost: \(status?.description ?? "")")
        }
        #expect(await peer.service.ended().ending == .exited(0))
        await peer.client.close()
    }

    /// The first signal lets calls end, for five seconds; the second one does not wait for them.
    @Test func theSecondSignalDoesNotWait() async throws {
        let peer = try await RewardPeer(.ipc)
        var states = try await HealthClient(peer.session).watch(HealthCheckRequest()).makeAsyncIterator()
        #expect(try await states.next()?.message.status == .serving)
        peer.service.child.terminate()
        // The watch stays open, and is told: the service drains.
        #expect(try await states.next()?.message.status == .notServing)
        #expect(peer.service.child.ending == nil)
        let start = ContinuousClock.now
        peer.service.child.terminate()
        #expect(await peer.service.ended().ending == .exited(128 + SIGTERM))
        #expect(ContinuousClock.now - start < .seconds(3), "\(ContinuousClock.now - start)")
        await peer.client.close()
    }
}
