// gRPC C++ as the other side of the comparison: `grpc_peer sync|callback ADDRESS PIPELINED CONCURRENCY ECHOES TRANSFERS`.
// The server is a process of its own, as `atelier bench rpc`'s is; prints the same figures as one JSON object.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "echo.grpc.pb.h"

using bench::Echo;
using bench::Payload;
using grpc::Status;
using Clock = std::chrono::steady_clock;

struct SyncService final : Echo::Service {
    Status Unary(grpc::ServerContext*, const Payload* request, Payload* reply) override {
        reply->set_data(request->data());
        return Status::OK;
    }
    Status Upload(grpc::ServerContext*, grpc::ServerReader<Payload>* reader, Payload*) override {
        Payload part;
        while (reader->Read(&part)) {}
        return Status::OK;
    }
};

struct CallbackService final : Echo::CallbackService {
    grpc::ServerUnaryReactor* Unary(
        grpc::CallbackServerContext* context, const Payload* request, Payload* reply) override {
        reply->set_data(request->data());
        auto* reactor = context->DefaultReactor();
        reactor->Finish(Status::OK);
        return reactor;
    }
    grpc::ServerReadReactor<Payload>* Upload(grpc::CallbackServerContext*, Payload*) override {
        struct Reader final : grpc::ServerReadReactor<Payload> {
            Payload part;
            Reader() { StartRead(&part); }
            void OnReadDone(bool more) override {
                if (more) StartRead(&part); else Finish(Status::OK);
            }
            void OnDone() override { delete this; }
        };
        return new Reader;
    }
};

static void serve(const std::string& kind, const std::string& address, int ready) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    SyncService sync;
    CallbackService callback;
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(-1);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    if (kind == "sync") builder.RegisterService(&sync); else builder.RegisterService(&callback);
    auto server = builder.BuildAndStart();
    if (!server || write(ready, "x", 1) != 1) _exit(1);
    server->Wait();
}

static double seconds(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

static void require(const Status& status) {
    if (status.ok()) return;
    fprintf(stderr, "grpc_peer: %s\n", status.error_message().c_str());
    _exit(1);
}

// Calls at once, on one completion queue: gRPC's own advice for many calls of one thread.
static double pipelined(Echo::Stub& stub, int calls, int concurrency) {
    struct Call {
        grpc::ClientContext context;
        Payload reply;
        Status status;
        std::unique_ptr<grpc::ClientAsyncResponseReader<Payload>> reader;
    };
    grpc::CompletionQueue queue;
    Payload request;
    request.set_data(std::string(64, 1));
    int started = 0;
    auto begin = [&] {
        auto* call = new Call;
        call->reader = stub.AsyncUnary(&call->context, request, &queue);
        call->reader->Finish(&call->reply, &call->status, call);
        started++;
    };
    auto start = Clock::now();
    while (started < concurrency) begin();
    for (int done = 0; done < calls; done++) {
        void* tag;
        bool ok;
        queue.Next(&tag, &ok);
        auto* call = static_cast<Call*>(tag);
        require(call->status);
        delete call;
        if (started < calls) begin();
    }
    return calls / seconds(start);
}

static void unary(Echo::Stub& stub, const Payload& request, Payload* reply) {
    grpc::ClientContext context;
    require(stub.Unary(&context, request, reply));
}

int main(int count, char** arguments) {
    if (count != 7) return 2;
    std::string kind = arguments[1], address = arguments[2];
    int calls = atoi(arguments[3]), concurrency = atoi(arguments[4]);
    int echoes = atoi(arguments[5]), transfers = atoi(arguments[6]);
    int ends[2];
    if (pipe(ends) != 0) return 1;
    pid_t server = fork();  // Before gRPC has made a thread.
    if (server == 0) {
        serve(kind, address, ends[1]);
        return 0;
    }
    char byte;
    if (read(ends[0], &byte, 1) != 1) return 1;
    grpc::ChannelArguments limits;
    limits.SetMaxReceiveMessageSize(-1);
    auto stub = Echo::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), limits));

    Payload small, large, reply;
    small.set_data(std::string(64, 1));
    for (int index = 0; index < 200; index++) unary(*stub, small, &reply);
    std::vector<double> times;
    for (int index = 0; index < 2000; index++) {
        auto start = Clock::now();
        unary(*stub, small, &reply);
        times.push_back(seconds(start) * 1e6);
    }
    std::sort(times.begin(), times.end());
    double rate = pipelined(*stub, calls, concurrency);

    large.set_data(std::string(1 << 20, 2));
    for (int index = 0; index < 10; index++) unary(*stub, large, &reply);
    auto start = Clock::now();
    for (int index = 0; index < echoes; index++) unary(*stub, large, &reply);
    double echoed = 2.0 * echoes * large.data().size() / seconds(start);

    // 64 MiB in messages of 1 MiB, as a file would be sent.
    auto upload = [&] {
        grpc::ClientContext context;
        Payload answer;
        auto writer = stub->Upload(&context, &answer);
        for (int index = 0; index < 64; index++) writer->Write(large);
        writer->WritesDone();
        require(writer->Finish());
    };
    upload();
    start = Clock::now();
    for (int index = 0; index < transfers; index++) upload();
    double transferred = 64.0 * transfers * large.data().size() / seconds(start);

    printf("{\"address\":\"%s\",\"unaryMedianMicroseconds\":%.3f,\"unary99thMicroseconds\":%.3f,\"callsPerSecond\":%.0f,"
           "\"echoBytesPerSecond\":%.0f,\"transferBytesPerSecond\":%.0f}\n",
           address.c_str(), times[1000], times[1980], rate, echoed, transferred);
    fflush(stdout);
    kill(server, SIGKILL);
    waitpid(server, nullptr, 0);
    _exit(0);
}
