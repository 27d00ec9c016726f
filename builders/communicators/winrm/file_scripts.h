// What the machine runs to receive, give out, unpack and pack files: PowerShell, short enough for a
// command line. Contents travel as lines of base64 over the command's streams.
#pragma once

#include <cstdint>
#include <string>

namespace farm::builders::winrm {

/// Exit code of receive_file_script() when other than the promised bytes came.
inline constexpr int kIncomplete = 75;

/// Reads lines of base64 from standard input into `path`, making its folder; fails unless `size`
/// bytes came, and leaves a whole file or none. %NAME%, $env:NAME and ~ in paths are expanded.
std::string receive_file_script(const std::string& path, uint64_t size);
/// Prints the size of `path`, then its contents as lines of base64.
std::string send_file_script(const std::string& path);
/// Unpacks the archive `zip` below `folder`, over what is there, and deletes it.
std::string unpack_script(const std::string& zip, const std::string& folder);
/// Packs what is below `folder` into the new archive `zip`.
std::string pack_script(const std::string& folder, const std::string& zip);
std::string delete_file_script(const std::string& path);
/// Succeeds if `path` is a folder.
std::string is_folder_script(const std::string& path);

}  // namespace farm::builders::winrm
