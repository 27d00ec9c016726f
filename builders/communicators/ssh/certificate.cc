#include "builders/communicators/ssh/certificate.h"

#include "builders/communicators/ssh/wire.h"

namespace farm::builders::ssh {
namespace {
constexpr std::string_view kSuffix = "-cert-v01@openssh.com";
}

Result<Certificate> Certificate::parse(std::string_view line) {
  const size_t first_space = line.find(' ');
  if (first_space == std::string_view::npos) return invalid_input("no OpenSSH certificate");
  const std::string_view rest = line.substr(first_space + 1);
  Certificate certificate;
  certificate.type_name = line.substr(0, first_space);
  certificate.blob = base64_decode(rest.substr(0, rest.find_first_of(" \r\n\t")));
  WireReader reader(certificate.blob);
  const std::string_view inner = reader.string();
  if (!reader.ok() || inner != certificate.type_name || !inner.ends_with(kSuffix)) {
    return invalid_input("no OpenSSH certificate");
  }
  return certificate;
}

std::string Certificate::key_type_name() const {
  return type_name.substr(0, type_name.size() - kSuffix.size());
}

std::string certificate_algorithm(std::string_view signature_algorithm) {
  return std::string(signature_algorithm) + std::string(kSuffix);
}

}  // namespace farm::builders::ssh
