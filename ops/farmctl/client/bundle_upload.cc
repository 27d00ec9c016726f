#include "ops/farmctl/client/bundle_upload.h"

#include "common/transfer/uploader.h"

#include <algorithm>

namespace farm::farmctl {
namespace {

constexpr Duration kUploadSilenceLimit = std::chrono::seconds(60);
// After this silence the file is announced anew: a coordinator that was started again knows nothing of
// the upload, and asks only for what it lacks. Twice as long each time, for one that is merely slow.
constexpr Duration kAnnounceAgain = std::chrono::seconds(2);
constexpr Duration kNoWait{0};

// Takes one message for `upload`; false when none came in time.
Result<bool> take_answer(Line& line, transfer::Uploader& upload, Instant deadline, bool& done) {
  std::optional<wire::Message> message = TRY(line.receive(deadline));
  if (!message) return false;
  if (const auto* need = std::get_if<wire::UploadNeed>(&*message)) {
    if (need->upload == upload.id()) TRY(upload.need(*need));
  } else if (const auto* credit = std::get_if<wire::UploadCredit>(&*message)) {
    if (credit->upload == upload.id()) upload.credit(*credit);
  } else if (const auto* end = std::get_if<wire::UploadDone>(&*message)) {
    if (end->upload != upload.id()) return true;
    if (!end->ok) return end->error;
    done = true;
  }
  return true;
}

Result<uint64_t> upload_file(Connection& connection, Line& line, BundledFile& file) {
  const CancelToken cancel;
  const SystemClock clock;
  const auto open = [&] {
    return transfer::Uploader::open(connection.new_request(), {}, file.disk_path, file.record.path,
                                    cancel);
  };
  transfer::Uploader upload = TRY(open());
  file.record.sha256 = upload.digests().sha256;
  file.record.size = upload.digests().size;
  TRY(line.send(upload.begin()));
  bool done = false;
  bool ended = false;
  uint64_t sent_before = 0;
  Instant last_sign = clock.now();
  Instant announced = last_sign;
  Duration patience = kAnnounceAgain;
  while (!done) {
    if (clock.now() - std::max(last_sign, announced) > patience) {
      sent_before += upload.bytes_sent();
      upload = TRY(open());
      file.record.sha256 = upload.digests().sha256;
      file.record.size = upload.digests().size;
      ended = false;
      announced = clock.now();
      patience *= 2;
      TRY(line.send(upload.begin()));
    }
    std::optional<wire::UploadChunk> chunk = TRY(upload.next());
    if (chunk) {
      const wire::Message message(std::move(*chunk));
      Result<void> sent = line.send(message);
      while (!sent && sent.error().code == ErrorCode::Timeout &&
             clock.now() - last_sign < kUploadSilenceLimit) {
        const bool heard =
            TRY(take_answer(line, upload, clock.now() + std::chrono::milliseconds(50), done));
        if (heard) last_sign = clock.now();
        sent = line.send(message);
      }
      TRY(std::move(sent));
    } else if (upload.all_sent() && !ended) {
      TRY(line.send(upload.end()));
      ended = true;
    }
    const Duration wait = chunk ? kNoWait : Duration(std::chrono::seconds(1));
    const bool heard = TRY(take_answer(line, upload, clock.now() + wait, done));
    if (heard) last_sign = clock.now();
    if (clock.now() - last_sign > kUploadSilenceLimit) {
      return timed_out("the coordinator takes no more of " + file.record.path);
    }
  }
  return sent_before + upload.bytes_sent();
}

}  // namespace

Result<UploadTotals> upload_bundle(Connection& connection, Bundle& bundle,
                                   const std::function<void(uint64_t, uint64_t)>& progress) {
  UploadTotals totals;
  Line* line = TRY(connection.bulk());
  uint64_t all = 0;
  for (const BundledFile& file : bundle.files) all += file.record.size;
  for (BundledFile& file : bundle.files) {
    if (file.disk_path.empty()) continue;
    Result<uint64_t> sent = upload_file(connection, *line, file);
    if (!sent) return std::move(sent).error().within("upload " + file.record.path);
    ++totals.files;
    if (*sent == 0) ++totals.files_present;
    totals.bytes += file.record.size;
    totals.bytes_sent += *sent;
    if (progress) progress(totals.bytes, all);
  }
  return totals;
}

}  // namespace farm::farmctl
