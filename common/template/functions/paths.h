// Lexical arithmetic on slash paths, as Go's path functions do it: nothing is looked up.
#pragma once

#include <string>
#include <string_view>

namespace farm::functions {

/// Without doubled slashes, "." and inner ".."; "." for an empty path.
std::string clean_path(std::string_view path);
/// The last part; "." for an empty path, "/" for the root.
std::string path_base(std::string_view path);
/// All but the last part, cleaned; "." when there is no slash.
std::string path_directory(std::string_view path);

}  // namespace farm::functions
