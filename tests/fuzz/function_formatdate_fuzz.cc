// LIBS: farm_template_functions
#include "common/template/functions/date_verbs.h"
#include "common/template/functions/glob.h"
#include "common/template/functions/time_parse.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace farm::functions;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const farm::WallTime time{1'704'164'645'678'900'000};
  (void)format_go_layout(time, text);
  (void)format_strftime(time, text);
  (void)format_date(civil_time(time), text);
  (void)parse_go_duration(text);
  (void)yaml_timestamp(text);
  if (const auto parsed = parse_rfc3339(text)) {
    FARM_CHECK(parse_rfc3339(format_rfc3339(*parsed)).has_value());
  }
  (void)glob_match(text.substr(0, size / 2), text.substr(size / 2));
  return 0;
}
