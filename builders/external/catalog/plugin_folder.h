// PluginFolder: the external programs of a folder that may run here: signed by a trusted key,
// copied to where nobody else writes, described in a form that is understood. Everything else is
// refused with a sentence that says why.
#pragma once

#include <string>
#include <vector>

#include "builders/core/schema/external.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/environment.h"

namespace farm::builders::external {

struct PluginFolder {
  std::string folder;
  std::vector<std::string> trusted_keys;  // base64
  /// Private to this user: verified copies and their descriptions, by digest.
  std::string store;
};

struct Plugin {
  std::string name;     // of its file
  std::string program;  // the verified copy
  std::string sha256;   // hexadecimal
  std::string description;
  std::vector<ExternalComponent> components;
  /// How long it may say nothing while nothing is done for it.
  Duration silence = std::chrono::minutes(30);
};

struct Discovery {
  std::vector<Plugin> plugins;       // by name
  std::vector<std::string> refused;  // sentences
};

/// No folder: nothing found. A program is run (`describe`, 10 s) only when its digest is new.
Discovery discover_plugins(const PluginFolder& folder, const Environment& environment,
                           const CancelToken& cancel);

/// Where farmctl looks for the user who runs it: $FARM_PLUGINS or farm/plugins of the configuration
/// directory; keys in $FARM_PLUGIN_KEYS or farm/plugin_keys there, one a line.
PluginFolder user_plugin_folder(const Environment& environment);

/// discover_plugins() of user_plugin_folder(), once per process, added to component_catalog(). What
/// was refused is said in the log.
const Discovery& user_plugins(const Environment& environment);

}  // namespace farm::builders::external
