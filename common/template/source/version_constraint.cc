#include "common/template/source/version_constraint.h"

#include <algorithm>
#include <cctype>

namespace farm::templates {
namespace {

constexpr size_t kMaxDigits = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool satisfies(const std::string& op, const Version& wanted, const Version& version) {
  const auto& a = version.parts;
  const auto& b = wanted.parts;
  if (op == "=") return a == b;
  if (op == "!=") return a != b;
  if (op == ">") return a > b;
  if (op == ">=") return a >= b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  // ~>: only the last written part may grow.
  if (a < b) return false;
  for (size_t i = 0; i + 1 < wanted.given; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

Result<Version> Version::parse(const std::string& text) {
  const Error malformed = invalid_input("Malformed version: " + text);
  Version version;
  size_t at = !text.empty() && text[0] == 'v' ? 1 : 0;
  while (true) {
    const size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == start || at - start > kMaxDigits) return malformed;
    if (version.given < version.parts.size()) {
      version.parts[version.given] = std::stoull(text.substr(start, at - start));
    }
    ++version.given;
    if (at == text.size() || text[at] != '.') break;
    ++at;
  }
  if (version.given > version.parts.size()) return malformed;
  if (at < text.size() && text[at] == '-') {
    const size_t end = std::min(text.find('+', at), text.size());
    version.prerelease = text.substr(at + 1, end - at - 1);
    if (version.prerelease.empty()) return malformed;
    at = end;
  }
  if (at < text.size() && text[at] != '+') return malformed;
  return version;
}

Result<VersionConstraints> VersionConstraints::parse(const std::string& text) {
  VersionConstraints constraints;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const std::string part = trimmed(text.substr(start, comma - start));
    start = comma + 1;
    const size_t number = part.find_first_of("v0123456789");
    if (number == std::string::npos) return invalid_input("Malformed constraint: " + part);
    std::string op = trimmed(part.substr(0, number));
    if (op.empty()) op = "=";
    static constexpr std::array<std::string_view, 7> kOperators = {"=",  "!=", ">", ">=",
                                                                   "<", "<=", "~>"};
    if (std::find(kOperators.begin(), kOperators.end(), op) == kOperators.end()) {
      return invalid_input("Malformed constraint: " + part);
    }
    Version version = TRY(Version::parse(part.substr(number)));
    constraints.constraints_.push_back({std::move(op), std::move(version)});
  }
  return constraints;
}

bool VersionConstraints::allows(const Version& version) const {
  return std::all_of(constraints_.begin(), constraints_.end(), [&](const Constraint& constraint) {
    return satisfies(constraint.op, constraint.version, version);
  });
}

bool VersionConstraints::names_prerelease() const {
  return std::any_of(
      constraints_.begin(), constraints_.end(),
      [](const Constraint& constraint) { return !constraint.version.prerelease.empty(); });
}

}  // namespace farm::templates
