// Table: rows under headings, columns as wide as they need to be, for lists on a terminal.
#pragma once

#include <string>
#include <vector>

namespace farm::farmctl {

/// Two blanks between columns, no trailing blanks, one line per row.
std::string format_table(const std::vector<std::string>& headings,
                         const std::vector<std::vector<std::string>>& rows);

/// "1.4 GiB", "38 KiB", "120 B".
std::string human_size(uint64_t bytes);
/// "3:41", "1:02:03".
std::string human_duration(double seconds);

}  // namespace farm::farmctl
