#include "agent/runner/spool_ui.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/io/files.h"
#include "common/wire/picture_record.h"

namespace farm::agent {
namespace {

// More often than this no terminal needs to hear of progress.
constexpr Duration kProgressInterval = std::chrono::milliseconds(250);

// Where the whole records of an existing log end.
Result<uint64_t> whole_records(const std::string& path, uint64_t size) {
  if (size == 0) return uint64_t{0};
  const std::string bytes = TRY(io::read_file(path, size));
  const size_t whole = wire::read_records(bytes, [](const wire::LogRecord&) {});
  if (whole == std::string::npos) return corrupt("log " + path + " is damaged");
  return uint64_t{whole};
}

}  // namespace

Result<SpoolUi> SpoolUi::open(const std::string& path, const Redactor& redactor,
                              ControlChannel& control, const Clock& clock) {
  io::Fd file = TRY(io::open_file(path, O_WRONLY | O_CREAT | O_APPEND, 0600));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error("stat " + path, errno);
  const uint64_t whole = TRY(whole_records(path, static_cast<uint64_t>(status.st_size)));
  if (whole != static_cast<uint64_t>(status.st_size) &&
      ::ftruncate(file.get(), static_cast<off_t>(whole)) != 0) {
    return system_error("truncate " + path, errno);
  }
  SpoolUi ui(std::move(file), redactor, control, clock);
  ui.bytes_ = whole;
  return ui;
}

void SpoolUi::lines(wire::LogKind kind, std::string_view text) {
  const Redactor& redactor = this->redactor();
  std::string clean = redactor.empty() ? std::string(text) : redactor.redact(text);
  std::string_view rest = clean;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  std::string records;
  const WallTime now = clock_->wall();
  while (true) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    wire::append_record(records, {now, kind, line});
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  append(records);
}

void SpoolUi::progress(std::string_view what, uint64_t done, uint64_t total) {
  const Instant now = clock_->now();
  const std::lock_guard lock(*mutex_);
  if (now < next_progress_ && done != total) return;
  next_progress_ = now + kProgressInterval;
  const std::string text =
      redact(what) + "\t" + std::to_string(done) + "\t" + std::to_string(total);
  std::string record;
  wire::append_record(record, {clock_->wall(), wire::LogKind::Progress, text});
  append_locked(record);
}

void SpoolUi::picture(std::string_view caption, std::string_view png) {
  std::string records;
  wire::append_picture(records, clock_->wall(), redact(caption), png);
  append(records);
}

void SpoolUi::append(const std::string& records) {
  const std::lock_guard lock(*mutex_);
  append_locked(records);
}

void SpoolUi::append_locked(const std::string& records) {
  const Result<void> written = io::write_all(file_.get(), records);
  if (!written) {
    // Half a record may be in the file now; the next one must not be glued to it.
    const bool cut = ::ftruncate(file_.get(), static_cast<off_t>(bytes_)) == 0;
    if (!failed_) {
      log::error("build log cannot be written; lines are lost",
                 {{"error", written.error().message}, {"cut", cut ? "yes" : "no"}});
    }
    failed_ = true;
    return;
  }
  bytes_ += records.size();
  // Without a supervisor there is nobody to wake: the next one reads the file.
  if (control_->open() && !control_->send({ControlMessage::Kind::Wake, {}})) control_->close();
}

}  // namespace farm::agent
