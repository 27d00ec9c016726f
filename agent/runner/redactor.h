// Redactor: takes secrets out of text before it is written anywhere. A secret is found as it is,
// with unified line ends, line by line, and in the forms scripts commonly print it in (base64 at
// any alignment and in lines, percent-encoded, escaped for JSON in its dialects, XML and the usual
// shells).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace farm::agent {

class Redactor {
 public:
  /// Secrets of fewer than 3 characters are only replaced where they are the whole text: replacing
  /// each "1" or "no" would ruin the log and still give the secret away; those of 3 only where they
  /// are a word. Lines of a secret of several count from 6 characters on.
  explicit Redactor(const std::vector<std::string>& sensitive);

  /// `text` with every occurrence replaced by "<sensitive>".
  std::string redact(std::string_view text) const;
  bool empty() const { return needles_.empty() && whole_.empty(); }

 private:
  void add(std::string needle);
  void add_lines(const std::vector<std::string>& lines);
  void add_base64(const std::string& secret);
  size_t match_at(std::string_view text, size_t at) const;

  std::vector<std::string> needles_;  // by first byte, longest first
  std::vector<std::string> whole_;
  std::array<std::pair<uint32_t, uint32_t>, 256> bucket_{};  // [first, last) in needles_
};

inline constexpr std::string_view kRedacted = "<sensitive>";

}  // namespace farm::agent
