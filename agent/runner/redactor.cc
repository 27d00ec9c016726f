#include "agent/runner/redactor.h"

#include <algorithm>
#include <cstdint>

namespace farm::agent {
namespace {

constexpr size_t kShortest = 3;
// A base64 fragment shorter than this also occurs by chance.
constexpr size_t kShortestEncoded = 8;

std::string unified_lines(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i];
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  size_t at = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The characters of base64 that depend on `bytes` alone when they start `skip` bytes into a group.
std::string base64_core(std::string_view bytes, size_t skip, bool url) {
  const std::string_view alphabet =
      url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
          : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  const size_t first_bit = skip * 8;
  const size_t end_bit = first_bit + bytes.size() * 8;
  for (size_t bit = (first_bit + 5) / 6 * 6; bit + 6 <= end_bit; bit += 6) {
    size_t value = 0;
    for (size_t k = bit; k < bit + 6; ++k) {
      const size_t offset = k - first_bit;
      const auto byte = static_cast<unsigned char>(bytes[offset / 8]);
      value = value << 1 | (byte >> (7 - offset % 8) & 1U);
    }
    out += alphabet[value];
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || c == '-' || c == '_' || c == '.' ||
                       c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Redactor::Redactor(const std::vector<std::string>& sensitive) {
  for (const std::string& secret : sensitive) {
    if (secret.empty()) continue;
    const std::string unified = unified_lines(secret);
    add(secret);
    add(unified);
    for (std::string& line : lines_of(unified)) add(std::move(line));
    if (secret.size() < kShortest) continue;
    add(percent_encoded(secret));
    add(json_escaped(secret));
    for (const bool url : {false, true}) {
      for (size_t skip = 0; skip < 3; ++skip) {
        std::string encoded = base64_core(secret, skip, url);
        if (encoded.size() >= kShortestEncoded) add(std::move(encoded));
      }
    }
  }
  const auto first = [](const std::string& text) { return static_cast<unsigned char>(text[0]); };
  std::sort(needles_.begin(), needles_.end(), [&](const std::string& a, const std::string& b) {
    if (first(a) != first(b)) return first(a) < first(b);
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  needles_.erase(std::unique(needles_.begin(), needles_.end()), needles_.end());
  for (uint32_t i = 0; i < needles_.size(); ++i) {
    auto& [begin, end] = bucket_[first(needles_[i])];
    if (begin == end) begin = i;
    end = i + 1;
  }
}

void Redactor::add(std::string needle) {
  if (needle.empty()) return;
  (needle.size() < kShortest ? whole_ : needles_).push_back(std::move(needle));
}

size_t Redactor::match_at(std::string_view text, size_t at) const {
  const auto [begin, end] = bucket_[static_cast<unsigned char>(text[at])];
  for (uint32_t i = begin; i < end; ++i) {
    if (text.compare(at, needles_[i].size(), needles_[i]) == 0) return needles_[i].size();
  }
  return 0;
}

std::string Redactor::redact(std::string_view text) const {
  if (std::find(whole_.begin(), whole_.end(), text) != whole_.end()) return std::string(kRedacted);
  if (needles_.empty()) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = match_at(text, i);
    if (length == 0) {
      out += text[i++];
      continue;
    }
    out += kRedacted;
    i += length;
  }
  return out;
}

}  // namespace farm::agent
