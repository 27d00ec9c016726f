// LIBS: farm_communicator_winrm farm_builders_core
// What a machine answers over WinRM: SOAP envelopes with output, faults, and PowerShell's XML.
#include <cstdint>
#include <string_view>

#include "builders/communicators/winrm/shell.h"
#include "builders/core/powershell.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace winrm = farm::builders::winrm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t total = 0;
  farm::builders::RemoteCommand command;
  command.on_stdout = [&total](std::string_view bytes) { total += bytes.size(); };
  command.on_stderr = command.on_stdout;
  const auto answer = winrm::WsmanAnswer::parse(200, text);
  if (answer && answer->faulted()) total += answer->fault().message.size();
  if (answer && !answer->faulted()) (void)winrm::deliver_output(*answer, command);
  total += farm::builders::powershell_error_text(text).size();
  return total > 4 * size + 64 ? __builtin_trap(), 0 : 0;
}
