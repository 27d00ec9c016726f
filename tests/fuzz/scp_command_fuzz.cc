// LIBS: farm_ansible_adapter
// The command line that an scp client of the ansible adapter sends.
#include <cstdint>
#include <string>

#include "builders/provisioners/ansible/scp_service.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)farm::builders::provisioner_ansible::parse_scp_command(text);
  (void)farm::builders::provisioner_ansible::parse_scp_command("scp -t " + text);
  return 0;
}
