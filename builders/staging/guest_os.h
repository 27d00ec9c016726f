// GuestOs: which system a provisioner talks to. Decides paths, quoting and default commands; known
// for certain only when the communicator is, because a WinRM guest is a Windows one.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::staging {

enum class GuestOs { Unix, Windows };

/// Option guest_os_type: "unix", "windows" or empty; anything else is a finding.
std::string decode_guest_os_type(const ConfigReader& reader);

/// What `configured` says; empty: Windows over WinRM, else Unix.
GuestOs guest_os(const std::string& configured, const BuildContext& context);

/// `value` unless it is empty; then what the guest's system has as default.
std::string or_default(const std::string& value, GuestOs os, const char* unix_default,
                       const char* windows_default);

/// build.* value as text; empty when the builder does not have it.
std::string generated_text(const BuildContext& context, const std::string& name);

}  // namespace farm::builders::staging
