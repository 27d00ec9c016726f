// LIBS: farm_template_functions
#include "common/template/functions/yaml_reader.h"
#include "common/template/functions/yaml_writer.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto v = farm::functions::read_yaml(std::string(reinterpret_cast<const char*>(data), size));
  if (v) farm::functions::write_yaml(*v);
  return 0;
}
