#include "common/io/fd.h"
#include "ops/farmctl/build/build_output.h"

namespace farm::farmctl {
namespace {

constexpr size_t kFlushBytes = 32 * 1024;
constexpr std::string_view kPostProcessorStep = "post-processor ";

}  // namespace

void OutputBuffer::add(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kFlushBytes) flush();
}

void OutputBuffer::flush() {
  if (pending_.empty()) return;
  // A reader that went away (`| head`) must not end the builds.
  if (fd_ >= 0 && !io::write_all(fd_, pending_)) fd_ = -1;
  pending_.clear();
}

const std::string& LineTarget::target(const std::string& name, const wire::LogRecord& record) {
  std::string& shown = current_.try_emplace(name, name).first->second;
  if (record.kind == wire::LogKind::Step) {
    shown = name;
    if (record.text.starts_with(kPostProcessorStep)) {
      shown += " (" + std::string(record.text.substr(kPostProcessorStep.size())) + ")";
    }
  }
  return shown;
}

}  // namespace farm::farmctl
