// DataSourceProgram: asks data sources through libexec/farm/farmctl-data-source, so that no program
// that plans links what reaches out.
#pragma once

#include "common/base/environment.h"
#include "common/plan/catalog_data_sources.h"
#include "common/template/functions/local_outside.h"

namespace farm::farmctl {

/// Asks on behalf of a user who stands in `working_directory`.
plan::DataSourceAsker data_source_program(const Environment& environment,
                                          const std::string& working_directory);

/// The same program asked for a secret by vault() and its kin.
functions::LocalOutside::SecretHook secret_program(const Environment& environment,
                                                   const std::string& working_directory);

/// The same program asked for the checksum of what is at `url`, which `checksum` ("file:...") names a
/// file for: "sha256:...".
Result<std::string> read_checksum_file(const Environment& environment,
                                       const std::string& working_directory,
                                       const std::string& checksum, const std::string& url);

}  // namespace farm::farmctl
