#include "builders/platforms/vmware/vmx.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/io/files.h"

namespace farm::builders::vmware {
namespace {

std::string lower_key(std::string_view key) {
  std::string out(key);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view stripped(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// "|22" stands for a quote: two hexadecimal digits after a bar.
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '|' && i + 2 < text.size()) {
      const std::string digits(text.substr(i + 1, 2));
      char* end = nullptr;
      byte = static_cast<int>(std::strtol(digits.c_str(), &end, 16));
      if (*end == '\0') {
        out += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string encoded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '"' || c == '|' || c == '\n' || c == '\r') {
      out += fmt::format("|{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Vmx Vmx::parse(std::string_view text) {
  Vmx vmx;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = stripped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = line.find('=');
    if (line.empty() || line.front() == '#' || equals == std::string_view::npos) continue;
    std::string_view value = stripped(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    const std::string_view key = stripped(line.substr(0, equals));
    if (!key.empty()) vmx.set(std::string(key), decoded(value));
  }
  return vmx;
}

Result<Vmx> Vmx::load(const std::string& path) {
  const std::string text = TRY(io::read_file(path, 4U << 20));
  return parse(text);
}

std::string Vmx::text() const {
  std::string out;
  for (const Line& line : lines_) {
    if (line.key.empty()) continue;  // erased
    out += fmt::format("{} = \"{}\"\n", line.key, encoded(line.value));
  }
  return out;
}

Result<void> Vmx::save(const std::string& path) const { return io::write_file(path, text()); }

std::string Vmx::get(std::string_view key) const {
  const auto found = index_.find(lower_key(key));
  return found == index_.end() ? "" : lines_[found->second].value;
}

bool Vmx::has(std::string_view key) const { return index_.contains(lower_key(key)); }

void Vmx::set(const std::string& key, std::string value) {
  const std::string lower = lower_key(key);
  const auto found = index_.find(lower);
  if (found != index_.end()) {
    lines_[found->second].value = std::move(value);
    return;
  }
  index_[lower] = lines_.size();
  lines_.push_back({key, std::move(value)});
}

void Vmx::erase(std::string_view key) {
  const auto found = index_.find(lower_key(key));
  if (found == index_.end()) return;
  lines_[found->second].key.clear();
  index_.erase(found);
}

void Vmx::erase_prefix(std::string_view prefix) {
  const std::string lower = lower_key(prefix);
  for (const std::string& key : keys()) {
    if (key.starts_with(lower)) erase(key);
  }
}

std::vector<std::string> Vmx::keys() const {
  std::vector<std::string> list;
  for (const auto& [key, line] : index_) list.push_back(key);
  return list;
}

}  // namespace farm::builders::vmware
