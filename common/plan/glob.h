// Globs of -only and -except: `*` any run (dots included), `?`, `[a-z]`, `[!a]`, `{a,b}`.
#pragma once

#include <string_view>

namespace farm::plan {

/// Whether the whole of `text` matches. A pattern that is malformed matches only itself.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace farm::plan
