#include "common/plan/resource_name.h"

namespace farm::plan {
namespace {

constexpr size_t kAzureLongest = 80;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'); }

/// A dash for each character (not byte) that is neither alphanumeric nor in `also`.
std::string with_dashes(std::string_view name, std::string_view also) {
  std::string cleaned;
  for (const char c : name) {
    const bool continues_character = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (continues_character) continue;
    cleaned += is_alphanumeric(c) || also.find(c) != std::string_view::npos ? c : '-';
  }
  return cleaned;
}

std::string amazon_name(std::string_view name) { return with_dashes(name, "()[] ./-'@_"); }

std::string azure_name(std::string_view name) {
  std::string cleaned = with_dashes(name, "-._").substr(0, kAzureLongest);
  while (!cleaned.empty() && !is_alphanumeric(cleaned.back())) cleaned.pop_back();
  return cleaned;
}

std::string google_name(std::string_view name) {
  std::string lowered(name);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return with_dashes(lowered, "-");
}

}  // namespace

NameCleaner name_cleaner(std::string_view builder_type) {
  if (builder_type.starts_with("amazon-")) return amazon_name;
  if (builder_type.starts_with("azure-")) return azure_name;
  if (builder_type == "googlecompute") return google_name;
  return nullptr;
}

}  // namespace farm::plan
