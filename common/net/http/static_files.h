// StaticFiles: answers requests from a directory (http_directory) or from texts in memory
// (http_content): path cleaning, ranges, HEAD, index.html and plain directory listings.
#pragma once

#include <map>
#include <string>

#include "common/net/http/server.h"

namespace farm::net {

/// `path` without ".", ".." and doubled slashes; ".." never climbs above "/".
std::string clean_url_path(const std::string& path);

/// What lies below `root` under the request's path. 404, 405 (not GET or HEAD), 416.
/// Symbolic links are followed: the directory is the user's own.
ServedResponse serve_directory(const std::string& root, const ServedRequest& request);

/// The text whose key is exactly the request's cleaned path, else 404.
ServedResponse serve_content(const std::map<std::string, std::string>& content,
                             const ServedRequest& request);

}  // namespace farm::net
