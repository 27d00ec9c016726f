#include "builders/provisioners/hcp_sbom/package_list.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/net/http/client.h"

namespace farm::builders::provisioner_hcp_sbom {
namespace {

// Lines: "kind K", "os KEY VALUE", then "NAME<tab>VERSION<tab>ARCHITECTURE<tab>LICENSE".
constexpr std::string_view kScript = R"sh(#!/bin/sh
# The last word is the root of the system to look at.
for word in "$@"; do root=$word; done
case $root in /) root= ;; esac
for file in "$root/etc/os-release" "$root/usr/lib/os-release"; do
  [ -r "$file" ] || continue
  (
    . "$file"
    printf 'os ID %s\nos VERSION_ID %s\nos PRETTY_NAME %s\n' \
      "$ID" "$VERSION_ID" "$PRETTY_NAME"
  )
  break
done
if command -v dpkg-query >/dev/null 2>&1 && [ -e "$root/var/lib/dpkg/status" ]; then
  echo 'kind deb'
  dpkg-query --admindir="$root/var/lib/dpkg" -W \
    -f='${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t\n' |
    sed -n 's/^ii *	//p'
elif command -v rpm >/dev/null 2>&1 && { [ -d "$root/var/lib/rpm" ] ||
    [ -d "$root/usr/lib/sysimage/rpm" ]; }; then
  echo 'kind rpm'
  rpm --root "${root:-/}" -qa \
    --queryformat '%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{LICENSE}\n'
elif [ -e "$root/lib/apk/db/installed" ]; then
  echo 'kind apk'
  awk -F: '
    function out() { if (name != "") printf "%s\t%s\t%s\t%s\n", name, version, arch, license }
    /^P:/ { name = substr($0, 3) } /^V:/ { version = substr($0, 3) }
    /^A:/ { arch = substr($0, 3) } /^L:/ { license = substr($0, 3) }
    /^$/ { out(); name = "" } END { out() }' "$root/lib/apk/db/installed"
else
  echo 'none of dpkg, rpm and apk has its list of packages here' >&2
  exit 3
fi
)sh";

std::string purl(const PackageList& list, const std::string& kind, const Package& package) {
  const std::string space = list.system.empty() ? "linux" : list.system;
  std::string url = fmt::format("pkg:{}/{}/{}@{}", kind, net::percent_encode(space),
                                net::percent_encode(package.name),
                                net::percent_encode(package.version));
  const char* separator = "?";
  if (!package.architecture.empty()) {
    url += separator + ("arch=" + net::percent_encode(package.architecture));
    separator = "&";
  }
  if (!list.system.empty() && !list.version.empty()) {
    url += separator + ("distro=" + net::percent_encode(list.system + "-" + list.version));
  }
  return url;
}

void read_system(std::string_view line, PackageList& list) {
  const auto value = [&](std::string_view key) {
    return line.starts_with(key) ? std::string(line.substr(key.size())) : std::string();
  };
  if (line.starts_with("os ID ")) list.system = value("os ID ");
  if (line.starts_with("os VERSION_ID ")) list.version = value("os VERSION_ID ");
  if (line.starts_with("os PRETTY_NAME ")) list.title = value("os PRETTY_NAME ");
}

Result<Package> read_package(std::string_view line) {
  std::array<std::string, 4> fields;
  size_t count = 0;
  for (size_t at = 0; count < fields.size(); ++count) {
    const size_t end = std::min(line.find('\t', at), line.size());
    fields[count] = line.substr(at, end - at);
    if (end == line.size()) break;
    at = end + 1;
  }
  if (fields[0].empty() || fields[1].empty()) {
    return corrupt(fmt::format("no package: \"{}\"", line));
  }
  return Package{fields[0], fields[1], fields[2], fields[3], {}};
}

}  // namespace

std::string_view listing_script() { return kScript; }

Result<PackageList> parse_package_list(std::string_view text) {
  PackageList list;
  std::string kind;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (!kind.empty()) {
      list.packages.push_back(TRY(read_package(line)));
    } else if (line.starts_with("kind ")) {
      kind = line.substr(5);
    } else {
      read_system(line, list);
    }
  }
  if (kind != "deb" && kind != "rpm" && kind != "apk") return corrupt("no list of packages");
  for (Package& package : list.packages) package.url = purl(list, kind, package);
  std::sort(list.packages.begin(), list.packages.end(), [](const Package& a, const Package& b) {
    return a.url < b.url;
  });
  return list;
}

}  // namespace farm::builders::provisioner_hcp_sbom
