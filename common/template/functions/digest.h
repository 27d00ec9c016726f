// Digests for the functions of this folder, over OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace farm::functions {

/// The digest's bytes; `algorithm` is OpenSSL's name ("sha256"), known to exist.
std::string digest(const char* algorithm, std::string_view bytes);
std::string hexadecimal(std::string_view bytes);

}  // namespace farm::functions
