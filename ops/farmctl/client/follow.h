// Follow: shows a build until it ends: log lines in Packer's shape, and on a terminal a status line
// per job that is redrawn in place. The build never waits for this view; when the line breaks it
// goes on where it was.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/wire/picture_record.h"
#include "ops/farmctl/client/client.h"

namespace farm::farmctl {

struct FollowOptions {
  bool logs = true;
  bool status_lines = false;  // a terminal
  bool color = false;
  bool timestamps = false;
  bool follow = true;            // false: what there is now, then the end
  std::string only_job;          // id text or name; empty: all
  bool silent = false;           // --output json: nothing on the way
  /// Pictures of screens in the logs; lines are not printed then.
  std::function<void(const std::string& job, const wire::Picture&)> on_picture = {};
};

struct FollowEnd {
  std::string state;  // "succeeded", "failed", "cancelled"; "detached" after Ctrl-C
  double elapsed = 0;
};

/// `jobs`: id text -> display name, in template order.
Result<FollowEnd> follow_build(Client& client, Connection& connection, const BuildId& build,
                               const std::vector<std::pair<std::string, std::string>>& jobs,
                               const FollowOptions& options);

}  // namespace farm::farmctl
