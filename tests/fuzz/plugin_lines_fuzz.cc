// LIBS: farm_external_run farm_common_io
// The lines of an external program, here one that prints the input: nonsense ends its own build.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "builders/external/guest_calls.h"
#include "builders/external/plugin_process.h"
#include "common/io/files.h"

namespace {

using nlohmann::json;

struct Program {
  Program() : folder(farm::io::TempDirectory::create("/tmp", "farm-fuzz-")) {
    if (!folder) std::abort();
    plugin.name = "printer";
    plugin.program = folder->path() + "/program";
  }
  farm::Result<farm::io::TempDirectory> folder;
  farm::builders::external::Plugin plugin;
};

farm::Result<json> answer(const std::string& method, const json& parameters) {
  if (method == "fail") return farm::not_found("no such method");
  const farm::value::Value value = farm::builders::external::from_json_document(parameters);
  return farm::builders::external::to_json_document(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Program program;
  const std::string script =
      "#!/usr/bin/tail -n+2\n" + std::string(reinterpret_cast<const char*>(data), size);
  if (!farm::io::write_file(program.plugin.program, script, 0700)) std::abort();
  const json start = {{"type", "start"}};
  farm::Environment environment;
  environment.set("PATH", "/usr/bin:/bin");
  const farm::builders::external::PluginRun run{
      program.plugin, environment, program.folder->path(), start, answer, nullptr};
  (void)farm::builders::external::run_plugin(run, farm::CancelToken());
  return 0;
}
