// BootOptions: what is typed into a booting machine, when and how fast (boot_command, ...).
#pragma once

#include <string>
#include <vector>

#include "builders/core/component.h"
#include "common/base/clock.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::steps {

struct BootOptions {
  /// One piece of typing; boot_steps give it a description.
  struct Piece {
    std::string keys;  // rendered when typed
    std::string description;
  };
  Duration wait = std::chrono::seconds(10);
  std::vector<Piece> pieces;
  Duration key_interval = std::chrono::milliseconds(100);
  Duration keygroup_interval = std::chrono::milliseconds(100);
  bool keygroup_interval_given = false;  // by the template
  bool disable_vnc = false;
};

/// boot_command, boot_steps and the VNC builders' options.
BootOptions read_boot_options(const ConfigReader& reader, const PrepareContext& context);

}  // namespace farm::builders::steps
