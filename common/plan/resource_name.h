// {{clean_resource_name}}: some platforms restrict the characters of image names, and their
// builders offer this engine function to make a name out of any text. Other builders have no such
// function, so using it there stays an error.
#pragma once

#include <string>
#include <string_view>

namespace farm::plan {

/// How the platform of a builder wants names; nullptr: its builder offers no function.
using NameCleaner = std::string (*)(std::string_view name);
NameCleaner name_cleaner(std::string_view builder_type);

}  // namespace farm::plan
