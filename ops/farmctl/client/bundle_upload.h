// Uploading a bundle: only chunks that the farm does not have travel.
#pragma once

#include <functional>

#include "ops/farmctl/client/bundle.h"
#include "ops/farmctl/client/connection.h"

namespace farm::farmctl {

struct UploadTotals {
  size_t files = 0;
  size_t files_present = 0;  // nothing had to be sent
  uint64_t bytes = 0;
  uint64_t bytes_sent = 0;
};

/// Sends every file and fills in the digests of `bundle`. `progress` gets (bytes sent, bytes in
/// all) now and then; may be empty.
Result<UploadTotals> upload_bundle(Connection& connection, Bundle& bundle,
                                   const std::function<void(uint64_t, uint64_t)>& progress);

}  // namespace farm::farmctl
