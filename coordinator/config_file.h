// ConfigFile: /etc/farm/coordinator.hcl: flat attributes that set what the command line does not.
#pragma once

#include <map>
#include <string>

#include "common/base/diagnostic.h"
#include "common/base/result.h"
#include "coordinator/reactor/zmq_server.h"

namespace farm::coordinator {

/// Settings by name: data, control, bulk, enroll, next_control,
/// next_bulk, next_enroll, advertise, planner, https, https_certificate, https_key, sync_interval, lease_ttl, disconnect_max,
/// queue_limit, prepare_limit, total_limit, silence_limit, cancel_grace, retry_limit, log_level,
/// log_format, requests_per_second; node_limits, datastore_limits and credential_limits, each how many
/// jobs may use one at a time: a number for every one or an object by name, `{ pve1 = 2, "*" = 4 }`
/// (setting node_limits.pve1). Durations as "30m", "24h"; "0" is no limit.
using Settings = std::map<std::string, std::string>;

/// Reads the attributes of a native HCL file with constant values. Findings have their place.
Settings parse_config(const std::string& text, const std::string& file, Diagnostics& diagnostics);

/// Applies settings to `config`; log_level and log_format stay for main. InvalidInput names the
/// setting.
Result<void> apply_settings(const Settings& settings, ServerConfig& config);

}  // namespace farm::coordinator
