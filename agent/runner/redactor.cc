#include "agent/runner/redactor.h"

#include <algorithm>
#include <cstdint>

namespace farm::agent {
namespace {

constexpr size_t kShortest = 3;
// Shorter ones count only between other than letters and digits: "yes" is not in "yesterday".
constexpr size_t kShortestInWords = 4;
// Of one line of a secret of several: "}" and "  end" say nothing.
constexpr size_t kShortestLine = 6;
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

std::string percent_encoded(std::string_view text, bool upper) {
  const char* const kHex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
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

// The code point at `at` of UTF-8 and its length; what is no UTF-8 stands for itself.
std::pair<uint32_t, size_t> code_point(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 1 || at + length > text.size()) return {first, 1};
  uint32_t point = first & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
  }
  return {point, length};
}

std::string json_unit(uint32_t unit) {
  std::string out = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[unit >> shift & 15];
  return out;
}

// JSON in ASCII alone, as Python writes it.
std::string json_ascii(const std::string& escaped) {
  std::string out;
  for (size_t at = 0; at < escaped.size();) {
    const auto [point, length] = code_point(escaped, at);
    if (point < 0x80) {
      out += escaped[at];
    } else if (point < 0x10000) {
      out += json_unit(point);
    } else {
      out += json_unit(0xd7c0 + (point >> 10)) + json_unit(0xdc00 + (point & 0x3ff));
    }
    at += length;
  }
  return out;
}

// JSON that may stand in HTML, as Go writes it.
std::string json_html(const std::string& escaped) {
  std::string out;
  for (const char c : escaped) {
    if (c == '<' || c == '>' || c == '&') {
      out += json_unit(static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// As shells write a word: quotes inside single quotes, and a backslash before what is special.
std::string backslashed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       static_cast<unsigned char>(c) >= 0x80 ||
                       std::string_view("_-./:,+@%=").find(c) != std::string_view::npos;
    if (!plain) out += '\\';
    out += c;
  }
  return out;
}

std::string before_each(std::string_view text, std::string_view special, char escape) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += escape;
    out += c;
  }
  return out;
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// The secret in the forms in which scripts and their shells print it.
std::vector<std::string> written_forms(const std::string& secret) {
  const std::string percent = percent_encoded(secret, true);
  const std::string json = json_escaped(secret);
  return {percent,
          percent_encoded(secret, false),
          replaced(percent, "%20", "+"),
          json,
          json_ascii(json),
          json_html(json),
          // A document as a string of another one.
          json_escaped(json),
          json_escaped(json_ascii(json)),
          json_escaped(json_html(json)),
          replaced(secret, "'", "'\"'\"'"),
          replaced(secret, "'", "'\\''"),
          backslashed(secret),
          before_each(secret, "\"$`\\", '\\'),
          before_each(secret, "$\"`'", '`'),
          xml_escaped(secret)};
}

bool word_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

std::string_view without_margins(std::string_view line) {
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

}  // namespace

Redactor::Redactor(const std::vector<std::string>& sensitive) {
  for (const std::string& secret : sensitive) {
    if (secret.empty()) continue;
    const std::string unified = unified_lines(secret);
    add(secret);
    add(unified);
    const std::vector<std::string> lines = lines_of(unified);
    if (lines.size() > 1) add_lines(lines);
    if (secret.size() < kShortest) continue;
    for (std::string& form : written_forms(secret)) add(std::move(form));
    add_base64(secret);
    if (unified != secret) add_base64(unified);
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

void Redactor::add_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const std::string bare(without_margins(line));
    if (bare.size() >= kShortestLine) {
      add(bare);
    } else if (!bare.empty()) {
      whole_.push_back(line);
    }
  }
}

void Redactor::add_base64(const std::string& secret) {
  for (const bool url : {false, true}) {
    for (size_t skip = 0; skip < 3; ++skip) {
      std::string encoded = base64_core(secret, skip, url);
      if (encoded.size() < kShortestEncoded) continue;
      // Programs break the lines of what is longer: base64 at 76 characters, openssl at 64.
      for (const size_t width : {size_t{76}, size_t{64}}) {
        if (skip != 0) break;
        for (size_t at = 0; encoded.size() > width && at < encoded.size(); at += width) {
          const std::string line = encoded.substr(at, width);
          if (line.size() >= kShortestEncoded) add(line);
        }
      }
      add(std::move(encoded));
    }
  }
}

void Redactor::add(std::string needle) {
  if (needle.empty()) return;
  (needle.size() < kShortest ? whole_ : needles_).push_back(std::move(needle));
}

size_t Redactor::match_at(std::string_view text, size_t at) const {
  const auto [begin, end] = bucket_[static_cast<unsigned char>(text[at])];
  for (uint32_t i = begin; i < end; ++i) {
    const std::string& needle = needles_[i];
    if (text.compare(at, needle.size(), needle) != 0) continue;
    if (needle.size() < kShortestInWords) {
      const size_t after = at + needle.size();
      if (at > 0 && word_character(text[at - 1])) continue;
      if (after < text.size() && word_character(text[after])) continue;
    }
    return needle.size();
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
