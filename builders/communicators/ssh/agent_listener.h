// The program that plays an ssh-agent inside the machine: it listens on a socket in a folder of its
// user's own and passes each request up its standard output, each answer down its standard input.
// Written twice, for perl and for Python 3, because a minimal guest may have only one of them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace farm::builders::ssh {

enum class AgentListener { Perl, Python };

/// Lines that tell the listener's words from what a login shell may print before them.
inline constexpr std::string_view kPerlWord = "farm-agent-perl";
inline constexpr std::string_view kPythonWord = "farm-agent-python";
inline constexpr std::string_view kNothingWord = "farm-agent-nothing";
inline constexpr std::string_view kSocketWord = "farm-agent-socket ";

/// For any login shell: says which interpreter there is and becomes it; it then reads
/// listener_program() from its standard input.
std::string listener_command();

/// Once it listens it prints kSocketWord, the socket's path, a tab and the user's shell as one
/// line. Frames follow both ways: connection (u32), length (u32) and that many bytes of an agent
/// message, whose own length is left out; an empty frame from the machine ends that connection.
/// Socket and folder go when its input ends, and on SIGTERM, SIGHUP and SIGINT.
std::string_view listener_program(AgentListener kind);

}  // namespace farm::builders::ssh
