#include "builders/steps/checksum.h"

#include <fmt/format.h>
#include <vector>

#include "common/io/files.h"

namespace farm::builders::steps {
namespace {

std::string lower_case(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool is_hex(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::optional<Checksum> digest_of(std::string_view hex, std::optional<io::DigestKind> named) {
  const auto kind = is_hex(hex) ? io::digest_from_hex_length(hex.size()) : std::nullopt;
  if (!kind || (named && *named != *kind)) return std::nullopt;
  Checksum checksum;
  checksum.form = Checksum::Form::Digest;
  checksum.kind = *kind;
  checksum.hex = lower_case(hex);
  return checksum;
}

struct Entry {
  Checksum checksum;
  std::string name;  // empty: a lone hash
};

// "SHA256 (name) = HASH"
std::optional<Entry> bsd_entry(std::string_view line) {
  const size_t open = line.find(" (");
  const size_t close = line.rfind(") = ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
    return std::nullopt;
  }
  const auto kind = io::digest_from_name(line.substr(0, open));
  if (!kind) return std::nullopt;
  const auto checksum = digest_of(trimmed(line.substr(close + 4)), kind);
  if (!checksum) return std::nullopt;
  return Entry{*checksum, std::string(line.substr(open + 2, close - open - 2))};
}

// "HASH  name", "HASH *name" or "HASH"
std::optional<Entry> gnu_entry(std::string_view line) {
  const size_t blank = line.find_first_of(" \t");
  const auto checksum = digest_of(line.substr(0, blank), std::nullopt);
  if (!checksum) return std::nullopt;
  if (blank == std::string_view::npos) return Entry{*checksum, {}};
  std::string_view name = trimmed(line.substr(blank));
  if (name.starts_with('*')) name.remove_prefix(1);
  return Entry{*checksum, std::string(name)};
}

std::vector<Entry> entries_of(std::string_view content) {
  std::vector<Entry> entries;
  while (!content.empty()) {
    const size_t end = content.find('\n');
    const std::string_view line = trimmed(content.substr(0, end));
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    auto entry = bsd_entry(line);
    if (!entry) entry = gnu_entry(line);
    if (entry) entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace

std::string Checksum::text() const {
  switch (form) {
    case Form::None: return "none";
    case Form::File: return "file:" + file;
    case Form::Digest: return fmt::format("{}:{}", io::digest_name(kind), hex);
  }
  return "none";
}

Result<Checksum> parse_checksum(const std::string& text) {
  Checksum checksum;
  if (text == "none") return checksum;
  if (text.starts_with("file:")) {
    checksum.form = Checksum::Form::File;
    checksum.file = text.substr(5);
    if (checksum.file.empty()) return invalid_input("no URL or path after \"file:\"");
    if (lower_case(checksum.file).ends_with(".iso")) {
      return invalid_input(fmt::format("checksum file {} is an ISO image", checksum.file));
    }
    return checksum;
  }
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    if (const auto digest = digest_of(text, std::nullopt)) return *digest;
    return invalid_input(fmt::format(
        "\"{}\" is no checksum: expected 32 (md5), 40 (sha1), 56 (sha224), 64 (sha256), "
        "96 (sha384) or 128 (sha512) hexadecimal digits",
        text));
  }
  const auto kind = io::digest_from_name(text.substr(0, colon));
  if (!kind) {
    return invalid_input(fmt::format("unsupported checksum type \"{}\"", text.substr(0, colon)));
  }
  if (const auto digest = digest_of(text.substr(colon + 1), kind)) return *digest;
  return invalid_input(
      fmt::format("\"{}\" is no {} checksum", text.substr(colon + 1), io::digest_name(*kind)));
}

Result<Checksum> find_checksum(std::string_view content, const std::string& file_name) {
  const std::vector<Entry> entries = entries_of(content);
  for (const Entry& entry : entries) {
    if (!entry.name.empty() && io::base_name(entry.name) == file_name) return entry.checksum;
  }
  if (entries.size() == 1 && entries.front().name.empty()) return entries.front().checksum;
  return not_found(fmt::format("no checksum for {} in the checksum file", file_name));
}

}  // namespace farm::builders::steps
