/// The work of a service, and the order to stop.
public enum Running {
    /// Runs a body, and closes what it used, however it ends: sockets are not to stay behind.
    ///
    /// - Throws: what the body throws.
    public static func closing<Success>(
        _ close: () async -> Void, after body: () async throws -> Success
    ) async throws -> Success {
        let result: Result<Success, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await close()
        return try result.get()
    }

    /// Runs bodies side by side until one of them ends or the shutdown is requested, whichever comes first, and cancels
    /// the others.
    ///
    /// Does not wait for what was cancelled: a picture that is half drawn must not hold a process up that is to end.
    ///
    /// - Throws: what the body that ended threw, unless the shutdown had been requested by then.
    public static func until(_ shutdown: Shutdown, _ bodies: [@Sendable () async throws -> Void]) async throws {
        let (results, end) = AsyncStream<Result<Void, any Error>>.makeStream()
        let tasks = bodies.map { body in
            Task {
                do {
                    try await body()
                    end.yield(.success(()))
                } catch {
                    end.yield(.failure(error))
                }
            }
        }
        let watch = Task {
            await shutdown.wait()
            end.yield(.success(()))
        }
        defer {
            watch.cancel()
            for task in tasks { task.cancel() }
        }
        for await result in results {
            if !shutdown.isRequested { try result.get() }
            return
        }
    }
}
