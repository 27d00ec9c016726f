#include "builders/steps/iso_options.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/steps/checksum.h"
#include "common/io/files.h"

namespace farm::builders::steps {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex_value(text[i + 1]) : -1;
    const int low = escape ? hex_value(text[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

void check_url(const std::string& url, Findings& findings) {
  const std::string scheme = url_scheme(url);
  for (const char* known : {"", "http", "https", "ftp", "ftps", "file"}) {
    if (scheme == known) return;
  }
  findings.errors.push_back(fmt::format(
      "iso_url: downloads by {}:// are not supported (http, https, ftp, ftps, file and plain paths "
      "are): {}",
      scheme, url));
}

void check_checksum(const IsoOptions& options, Findings& findings) {
  if (options.checksum.empty()) {
    findings.errors.push_back("A checksum must be specified (iso_checksum).");
    return;
  }
  if (is_placeholder(options.checksum)) return;
  if (options.checksum == "none") {
    findings.warnings.push_back(
        "A checksum of 'none' was specified: a damaged or replaced file will not be noticed.");
  }
  const Result<Checksum> parsed = parse_checksum(options.checksum);
  if (!parsed) findings.errors.push_back("iso_checksum: " + parsed.error().message);
}

}  // namespace

bool is_placeholder(const std::string& text) {
  return text.find("<unknown>") != std::string::npos || text.find("{{") != std::string::npos;
}

std::string url_scheme(const std::string& url) {
  // go-getter's forced form "git::https://..." counts as the forced scheme.
  const size_t forced = url.find("::");
  const size_t colon = url.find("://");
  if (forced != std::string::npos && (colon == std::string::npos || forced < colon)) {
    return lower(url.substr(0, forced));
  }
  return colon == std::string::npos ? "" : lower(url.substr(0, colon));
}

std::string local_path_of(const std::string& url) {
  const std::string scheme = url_scheme(url);
  if (scheme.empty()) return url;
  if (scheme != "file") return "";
  std::string path = url.substr(url.find("://") + 3);
  if (path.starts_with("localhost/")) path.erase(0, 9);
  return decoded(path);
}

std::string url_file_name(const std::string& url) {
  if (url_scheme(url).empty()) return io::base_name(url);
  return decoded(io::base_name(url.substr(0, url.find_first_of("?#"))));
}

IsoOptions read_iso_options(const ConfigReader& reader, const PrepareContext&) {
  IsoOptions options;
  Findings& findings = reader.findings();
  options.checksum = reader.string("iso_checksum");
  options.urls = reader.strings("iso_urls");
  options.target_path = reader.string("iso_target_path");
  options.target_extension = lower(reader.string("iso_target_extension", "iso"));
  const std::string url = reader.string("iso_url");
  if (!url.empty() && !options.urls.empty()) {
    findings.errors.push_back("Only one of iso_url or iso_urls may be specified.");
  } else if (url.empty() && options.urls.empty()) {
    findings.errors.push_back("One of iso_url or iso_urls must be specified.");
  }
  if (!url.empty()) options.urls = {url};
  for (const std::string& one : options.urls) {
    if (!is_placeholder(one)) check_url(one, findings);
  }
  check_checksum(options, findings);
  return options;
}

}  // namespace farm::builders::steps
