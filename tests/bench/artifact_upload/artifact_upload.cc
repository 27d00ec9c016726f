// Measures the upload of one file through the bulk endpoint into the chunk store, until the
// coordinator says that it is hashed and durable, against cp with fsync, scp on the loopback
// interface, and a bare CURVE stream of the same bytes in the same run.
// Usage: bench_artifact_upload [MiB, default 1024] [directory for the files, default /tmp]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/io/process.h"
#include "common/transfer/uploader.h"
#include "tests/bench/artifact_upload/curve_stream.h"
#include "tests/bench/farm_cycles/farm_under_test.h"
#include "tests/support/sshd/test_sshd.h"

namespace farm::bench {
namespace {

constexpr Duration kUploadPoll = std::chrono::milliseconds(100);
constexpr Duration kSilence = std::chrono::seconds(120);  // the flush at the end may take long

struct UploadTimes {
  double hash = 0;      // the client reads and hashes the file, as it must before it asks
  double transfer = 0;  // from UploadBegin to UploadDone
  double last_chunk = 0;  // of that, until the last chunk was handed to the socket
};

class Bench {
 public:
  Bench(uint64_t mebibytes, std::string parent)
      : mebibytes_(mebibytes), parent_(std::move(parent)) {}

  Result<void> run() {
    const auto files = TRY(io::TempDirectory::create(parent_, "farm-upload-bench-"));
    file_ = files.path() + "/big";
    TRY(run_command({"dd", "if=/dev/urandom", "of=" + file_, "bs=1M",
                     "count=" + std::to_string(mebibytes_), "conv=fsync"}));
    const double copied = TRY(copy(files.path()));
    const double scp = TRY(copy_by_scp(files.path()));
    const double stream = TRY(stream_file(file_));
    const UploadTimes ours = TRY(upload());
    const double again = TRY(stream_file(file_));
    const double bare = (stream + again) / 2;
    row("cp and fsync", copied, ours.transfer);
    row("scp, loopback, and fsync", scp, ours.transfer);
    row("bare CURVE stream", bare, ours.transfer);
    std::printf("%-26s %7.1f MiB/s   with hashing before it: %.1f MiB/s\n", "upload",
                rate(ours.transfer), rate(ours.hash + ours.transfer));
    std::printf("of the upload: %.2f s until the last chunk left, %.2f s until it was durable\n",
                ours.last_chunk, ours.transfer - ours.last_chunk);
    return {};
  }

 private:
  Result<double> run_command(std::vector<std::string> argv) {
    io::RunOptions options;
    options.spawn.argv = std::move(argv);
    const Instant start = clock_.now();
    TRY(io::run_program_checked(options, cancel_));
    return seconds_since(start);
  }
  double seconds_since(Instant start) const {
    return std::chrono::duration<double>(clock_.now() - start).count();
  }

  Result<double> copy(const std::string& directory) {
    const std::string target = directory + "/copy";
    const double copied = TRY(run_command({"cp", "--reflink=never", file_, target}));
    const double synced = TRY(run_command({"sync", target}));
    TRY(io::remove_file(target));
    return copied + synced;
  }

  Result<double> copy_by_scp(const std::string& directory) {
    const auto server = TRY(test::TestSshd::start());
    const std::string key = TRY(server->keygen("id", {"-t", "ed25519"}));
    const std::string target = directory + "/scp-copy";
    const double copied = TRY(run_command(
        {"scp", "-q", "-i", key, "-P", std::to_string(server->port()), "-o",
         "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
         "IdentitiesOnly=yes", file_, server->user() + "@127.0.0.1:" + target}));
    const double synced = TRY(run_command({"sync", target}));
    TRY(io::remove_file(target));
    return copied + synced;
  }

  Result<UploadTimes> upload() {
    const auto farm = TRY(FarmUnderTest::start(parent_));
    net::Dealer dealer = TRY(farm->bulk(farm->admin()));
    UploadTimes times;
    const Instant start = clock_.now();
    transfer::Uploader uploader = TRY(transfer::Uploader::open(
        RequestId::random(random_), {}, file_, "big", cancel_));
    times.hash = seconds_since(start);
    const Instant begun = clock_.now();
    TRY(dealer.send(wire::encode(uploader.begin())));
    Instant heard = begun;
    bool ended = false;
    while (clock_.now() - heard < kSilence) {
      const bool sending = TRY(send_chunks(dealer, uploader));
      if (!sending && uploader.all_sent() && !ended) {
        times.last_chunk = seconds_since(begun);
        TRY(dealer.send(wire::encode(uploader.end())));
        ended = true;
      }
      net::poll_readable({&dealer}, {}, kUploadPoll);
      while (const std::optional<net::Received> received = dealer.receive()) {
        heard = clock_.now();
        const wire::Message message = TRY(wire::decode(received->frame));
        const bool done = TRY(take(uploader, message));
        if (!done) continue;
        times.transfer = seconds_since(begun);
        return times;
      }
    }
    return timed_out("the upload stands still");
  }

  /// True when chunks were sent.
  static Result<bool> send_chunks(net::Dealer& dealer, transfer::Uploader& uploader) {
    bool sent = false;
    while (true) {
      std::optional<wire::UploadChunk> chunk = TRY(uploader.next());
      if (!chunk) return sent;
      TRY(dealer.send(wire::encode(*std::move(chunk))));
      sent = true;
    }
  }

  /// True when the upload is done.
  static Result<bool> take(transfer::Uploader& uploader, const wire::Message& message) {
    if (const auto* need = std::get_if<wire::UploadNeed>(&message)) {
      TRY(uploader.need(*need));
    } else if (const auto* credit = std::get_if<wire::UploadCredit>(&message)) {
      uploader.credit(*credit);
    } else if (const auto* done = std::get_if<wire::UploadDone>(&message)) {
      if (!done->ok) return done->error;
      return true;
    } else if (const auto* refused = std::get_if<wire::ProtocolError>(&message)) {
      return refused->error;
    }
    return false;
  }

  void row(const char* what, double theirs, double ours) const {
    std::printf("%-26s %7.1f MiB/s   upload is %.2f of it\n", what, rate(theirs),
                theirs / ours);
  }
  double rate(double seconds) const { return static_cast<double>(mebibytes_) / seconds; }

  uint64_t mebibytes_;
  std::string parent_;
  std::string file_;
  CancelToken cancel_;
  SystemClock clock_;
  SystemRandom random_;
};

}  // namespace
}  // namespace farm::bench

int main(int argc, char** argv) {
  const uint64_t mebibytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1024;
  if (mebibytes == 0) {
    std::fprintf(stderr, "usage: bench_artifact_upload [MiB] [directory]\n");
    return 2;
  }
  const auto done = farm::bench::Bench(mebibytes, argc > 2 ? argv[2] : "/tmp").run();
  if (done) return 0;
  std::fprintf(stderr, "bench_artifact_upload: %s\n", done.error().message.c_str());
  return 1;
}
