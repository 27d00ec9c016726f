// api_error(): what a refusal of the Proxmox API means and what to do about it. The API says most in
// the reason phrase of the status line, parameter faults in the body.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/net/http/client.h"

namespace farm::builders::platform_proxmox {

/// The text of the answer itself: reason phrase, message and faults of parameters.
std::string answer_text(const net::HttpResponse& response);

/// Code: Denied (401, 403), InvalidInput (400, 501), NotFound (no such machine), Conflict (taken or
/// locked), Unavailable (gateway, retryable), Internal. `user` is who asked.
Error api_error(const std::string& method, const std::string& path, const std::string& user,
                const net::HttpResponse& response);

/// The same for a task that ended with `status` ("imgcopy", "qmcreate"...).
Error task_error(const std::string& type, const std::string& status);

}  // namespace farm::builders::platform_proxmox
