// Times and durations from text: RFC 3339 with the messages of Packer, YAML timestamps, Go
// durations.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/template/functions/time_format.h"

namespace farm::functions {

enum class DateSeparator { LetterT, LetterTOrSpace };
/// InvalidInput says what was expected where ("cannot use ... as month").
Result<CivilTime> parse_rfc3339(std::string_view text,
                                DateSeparator separator = DateSeparator::LetterT);
/// The RFC 3339 form of a YAML 1.1 timestamp; empty when `text` is none.
std::optional<std::string> yaml_timestamp(std::string_view text);
/// A Go duration: "1h30m", "-1.5s", "300ms"; error texts are Go's.
Result<Duration> parse_go_duration(std::string_view text);

}  // namespace farm::functions
