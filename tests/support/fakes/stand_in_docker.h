// StandInDocker: a program called `docker` that writes down how it was called and answers as the
// real one would, for options that a real engine on this machine cannot show (devices, Windows
// containers, registries of Amazon's).
#pragma once

#include <string>
#include <vector>

#include "common/base/environment.h"
#include "common/io/files.h"

namespace farm::testing {

class StandInDocker {
 public:
  /// In `folder`. `extra`: more branches of its `case "$1"`, which come first.
  explicit StandInDocker(const std::string& folder, const std::string& extra = {})
      : folder_(folder) {
    // "run" is left out of the log's arguments nowhere: one line a call, arguments joined by '|'.
    const std::string script = R"(#!/bin/sh
line=
for word in "$@"; do line="$line|$word"; done
echo "${line#|}" >> ")" + log_path() +
                               R"("
case "$1" in
)" + extra + R"(
-v) echo "Docker version 28.0.0, build none";;
run) echo cid;;
image) echo '[{"Id":"sha256:source","RepoDigests":["repo@sha256:digest"],"Config":{"Cmd":["/bin/app"],"Entrypoint":null}}]';;
container) echo '[{"Config":{"User":"owner"},"NetworkSettings":{"Networks":{"n":{"IPAddress":"10.1.2.3"}}}}]';;
commit) echo sha256:made;;
import) cat > ")" + folder_ + R"(/imported"; echo sha256:imported;;
login) cat > ")" + folder_ + R"(/password";;
export|save) echo tar-of-it;;
build) while [ "$1" != --iidfile ]; do shift; done; echo sha256:built > "$2";;
exec) cat > /dev/null; exit 0;;
cp) if [ "$2" = - ]; then cat > ")" +
                               folder_ + R"(/uploaded.tar"; fi;;
esac
)";
    // Beside ours only what a shell script needs.
    (void)io::write_file(folder_ + "/docker", script, 0755);
  }

  Environment environment() const {
    return Environment({{"PATH", folder_ + ":/usr/bin:/bin"}, {"HOME", folder_}});
  }
  std::string log_path() const { return folder_ + "/calls"; }
  /// The calls so far, one a line.
  std::vector<std::string> calls() const {
    const Result<std::string> text = io::read_file(log_path());
    std::vector<std::string> lines;
    std::string line;
    for (const char c : text ? *text : std::string()) {
      if (c == '\n') {
        lines.push_back(std::move(line));
        line.clear();
      } else {
        line += c;
      }
    }
    return lines;
  }
  /// The first call that begins with `word`; empty when there was none.
  std::string call(const std::string& word) const {
    for (const std::string& line : calls()) {
      if (line == word || line.starts_with(word + "|")) return line;
    }
    return {};
  }

 private:
  std::string folder_;
};

}  // namespace farm::testing
