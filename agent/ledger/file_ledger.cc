#include "agent/ledger/file_ledger.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

#include "common/base/fault_point.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

constexpr char kHex[] = "0123456789abcdef";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != '%' && byte < 0x7f) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out.empty() ? "%" : out;  // a lone % stands for the empty text: fields never vanish
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> unescaped(std::string_view text) {
  if (text == "%") return "";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const size_t space = line.find(' ');
    fields.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return fields;
    line.remove_prefix(space + 1);
  }
}

std::optional<LedgerEvent> parse_line(std::string_view line) {
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() < 2 || fields[0].size() != 1) return std::nullopt;
  LedgerEvent event;
  const std::string_view number = fields[1];
  const auto parsed =
      std::from_chars(number.data(), number.data() + number.size(), event.resource.intent);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size()) return std::nullopt;
  std::vector<std::string> texts;
  for (size_t i = 2; i < fields.size(); ++i) {
    std::optional<std::string> text = unescaped(fields[i]);
    if (!text) return std::nullopt;
    texts.push_back(*std::move(text));
  }
  const char letter = fields[0][0];
  if (letter == 'I' && texts.size() == 2) {
    event.kind = LedgerEvent::Kind::Intent;
    event.resource.kind = texts[0];
    event.resource.name = texts[1];
  } else if (letter == 'B' && texts.size() == 1) {
    event.kind = LedgerEvent::Kind::Bound;
    event.resource.id = texts[0];
  } else if (letter == 'G' && texts.empty()) {
    event.kind = LedgerEvent::Kind::Gone;
  } else if (letter == 'K' && texts.empty()) {
    event.kind = LedgerEvent::Kind::Kept;
  } else {
    return std::nullopt;
  }
  return event;
}

}  // namespace

Result<size_t> read_ledger_lines(std::string_view bytes,
                                 const std::function<void(const LedgerEvent&)>& each) {
  size_t consumed = 0;
  while (true) {
    const size_t end = bytes.find('\n', consumed);
    if (end == std::string_view::npos) return consumed;
    const std::optional<LedgerEvent> event = parse_line(bytes.substr(consumed, end - consumed));
    if (!event) return corrupt("resource ledger: bad line at byte " + std::to_string(consumed));
    each(*event);
    consumed = end + 1;
  }
}

Result<FileLedger> FileLedger::open(std::string path) {
  FileLedger ledger(std::move(path));
  Result<std::string> bytes = io::read_file(ledger.path_);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::NotFound) return ledger;
    return std::move(bytes).error();
  }
  const auto apply = [&ledger](const LedgerEvent& event) {
    const uint64_t intent = event.resource.intent;
    ledger.next_ = std::max(ledger.next_, intent + 1);
    if (event.kind == LedgerEvent::Kind::Intent) {
      ledger.open_.push_back(event.resource);
    } else if (event.kind == LedgerEvent::Kind::Bound) {
      if (OpenResource* resource = ledger.find(intent)) resource->id = event.resource.id;
    } else if (event.kind == LedgerEvent::Kind::Kept) {
      if (OpenResource* resource = ledger.find(intent)) resource->kept = true;
    } else {
      std::erase_if(ledger.open_, [&](const OpenResource& r) { return r.intent == intent; });
    }
  };
  const size_t whole = TRY(read_ledger_lines(*bytes, apply));
  // Cut a torn tail, or the next line would be glued to it.
  if (whole < bytes->size() && ::truncate(ledger.path_.c_str(), static_cast<off_t>(whole)) != 0) {
    return system_error("truncate " + ledger.path_, errno);
  }
  return ledger;
}

Result<void> FileLedger::append(const std::string& line) {
  if (!file_.valid()) {
    file_ = TRY(io::open_file(path_, O_WRONLY | O_CREAT | O_APPEND, 0600));
    TRY(io::sync_directory(io::parent_path(path_)));
  }
  fault_point("runner.ledger.before");
  TRY(io::write_all(file_.get(), line));
  TRY(io::sync(file_.get()));
  fault_point("runner.ledger.after");
  return {};
}

OpenResource* FileLedger::find(uint64_t intent) {
  for (OpenResource& resource : open_) {
    if (resource.intent == intent) return &resource;
  }
  return nullptr;
}

Result<uint64_t> FileLedger::intend(const std::string& kind, const std::string& name) {
  const uint64_t intent = next_;
  TRY(append("I " + std::to_string(intent) + " " + escaped(kind) + " " + escaped(name) + "\n"));
  ++next_;
  open_.push_back({intent, kind, name, {}});
  return intent;
}

Result<void> FileLedger::bound(uint64_t intent, const std::string& id) {
  OpenResource* resource = find(intent);
  if (resource == nullptr) {
    return not_found("resource ledger: no open intent " + std::to_string(intent));
  }
  TRY(append("B " + std::to_string(intent) + " " + escaped(id) + "\n"));
  resource->id = id;
  return {};
}

Result<void> FileLedger::gone(uint64_t intent) {
  if (find(intent) == nullptr) return {};
  TRY(append("G " + std::to_string(intent) + "\n"));
  std::erase_if(open_, [&](const OpenResource& r) { return r.intent == intent; });
  return {};
}

Result<void> FileLedger::keep(uint64_t intent) {
  OpenResource* resource = find(intent);
  if (resource == nullptr) return {};
  TRY(append("K " + std::to_string(intent) + "\n"));
  resource->kept = true;
  return {};
}

}  // namespace farm::agent
