// CurveStream: the bytes of a file from a Dealer to a Router over CURVE and nothing else: what an
// upload could reach if it neither hashed nor stored.
#pragma once

#include <string>

#include "common/base/result.h"

namespace farm::bench {

/// Seconds until the last byte arrived, with the frame size and window of an upload.
Result<double> stream_file(const std::string& path);

}  // namespace farm::bench
