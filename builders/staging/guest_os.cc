#include "builders/staging/guest_os.h"

#include <fmt/format.h>

namespace farm::builders::staging {

std::string decode_guest_os_type(const ConfigReader& reader) {
  const std::string type = reader.string("guest_os_type");
  if (!type.empty() && type != "unix" && type != "windows") {
    reader.findings().errors.push_back(fmt::format("Invalid guest_os_type: \"{}\"", type));
  }
  return type;
}

GuestOs guest_os(const std::string& configured, const BuildContext& context) {
  if (configured == "windows") return GuestOs::Windows;
  if (configured == "unix") return GuestOs::Unix;
  return generated_text(context, "ConnType") == "winrm" ? GuestOs::Windows : GuestOs::Unix;
}

std::string or_default(const std::string& value, GuestOs os, const char* unix_default,
                       const char* windows_default) {
  if (!value.empty()) return value;
  return os == GuestOs::Unix ? unix_default : windows_default;
}

std::string generated_text(const BuildContext& context, const std::string& name) {
  const auto found = context.generated.find(name);
  if (found == context.generated.end()) return {};
  const value::Value& value = found->second;
  if (value.is_null() || !value.is_known() || value.type() != value::Type::string()) return {};
  return value.as_string();
}

}  // namespace farm::builders::staging
