// PowerShell as text: quoting, a script as one command line, and what PowerShell writes to standard
// error when that is no console. Shared by the WinRM communicator and the Windows provisioners.
#pragma once

#include <string>
#include <string_view>

namespace farm::builders {

/// A literal string of PowerShell: 'it''s'. Typographic quotes count as quotes there, too.
std::string powershell_quote(std::string_view text);

/// The command line that runs `script`, which may use any characters: it travels as base64. The
/// limit of a command line, 8191 characters under cmd, allows for about 3000 of them. Scripts that
/// may show progress set $ProgressPreference first: it would fill standard error.
std::string powershell_command(std::string_view script);

/// `text` for double quotes: back-ticks before $ " ' and `.
std::string powershell_escape(std::string_view text);

/// Messages inside "#< CLIXML <Objs>...", the form of PowerShell's error stream; other text stays.
std::string powershell_error_text(std::string_view text);

}  // namespace farm::builders
