#include "common/wire/log_record.h"

namespace farm::wire {
namespace {

constexpr size_t kFixed = 8 + 1;  // time and kind

template <class T>
void put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(value >> (8 * i) & 0xff);
  }
}

template <class T>
T get(std::string_view bytes) {
  T value = 0;
  for (size_t i = sizeof value; i-- > 0;) {
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return value;
}

bool known(uint8_t kind) {
  return kind >= static_cast<uint8_t>(LogKind::Say) &&
         kind <= static_cast<uint8_t>(LogKind::Picture);
}

}  // namespace

void append_record(std::string& out, const LogRecord& record) {
  std::string_view text = record.text;
  do {
    const std::string_view piece = text.substr(0, kMaxLogText);
    text.remove_prefix(piece.size());
    put(out, static_cast<uint32_t>(kFixed + piece.size()));
    put(out, static_cast<uint64_t>(record.time.nanos));
    out += static_cast<char>(record.kind);
    out += piece;
  } while (!text.empty());
}

size_t read_records(std::string_view bytes, const std::function<void(const LogRecord&)>& each) {
  size_t consumed = 0;
  while (bytes.size() - consumed >= sizeof(uint32_t)) {
    const std::string_view rest = bytes.substr(consumed);
    const uint32_t length = get<uint32_t>(rest);
    if (length < kFixed || length > kFixed + kMaxLogText) return std::string::npos;
    if (rest.size() < sizeof length + length) break;
    const std::string_view body = rest.substr(sizeof length, length);
    const auto kind = static_cast<uint8_t>(body[8]);
    if (!known(kind)) return std::string::npos;
    each({WallTime{static_cast<int64_t>(get<uint64_t>(body))}, static_cast<LogKind>(kind),
          body.substr(kFixed)});
    consumed += sizeof length + length;
  }
  return consumed;
}

}  // namespace farm::wire
