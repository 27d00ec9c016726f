#include "common/net/http/static_files.h"

#include <algorithm>
#include <charconv>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>

#include "common/base/diagnostic.h"
#include "common/io/files.h"

namespace farm::net {
namespace {

ServedResponse text_response(int status, std::string text) {
  ServedResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  response.body = std::move(text);
  return response;
}

const char* content_type(const std::string& path) {
  struct Row {
    const char* extension;
    const char* type;
  };
  static constexpr Row kRows[] = {{"html", "text/html; charset=utf-8"},
                                  {"json", "application/json"},
                                  {"xml", "text/xml; charset=utf-8"},
                                  {"txt", "text/plain; charset=utf-8"},
                                  {"cfg", "text/plain; charset=utf-8"},
                                  {"ks", "text/plain; charset=utf-8"},
                                  {"sh", "text/plain; charset=utf-8"},
                                  {"gz", "application/gzip"}};
  const std::string extension = io::extension(path);
  for (const Row& row : kRows) {
    if (extension == row.extension) return row.type;
  }
  return "application/octet-stream";
}

struct Span {
  uint64_t begin = 0;
  uint64_t end = 0;  // one past the last byte
};

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || text.empty()) return {};
  return value;
}

// One "bytes=a-b", "bytes=a-" or "bytes=-n"; several ranges are answered with the whole file,
// which the standard allows. Begin == end: not satisfiable.
std::optional<Span> parse_range(std::string_view header, uint64_t size) {
  if (!header.starts_with("bytes=")) return {};
  const std::string_view spec = header.substr(6);
  const size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return {};
  const auto first = number(spec.substr(0, dash));
  const auto last = number(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    return *last == 0 ? Span{} : Span{size - std::min(size, *last), size};
  }
  if (!first || (!last && dash + 1 != spec.size())) return {};
  if (last && *last < *first) return {};
  if (*first >= size) return Span{};
  return Span{*first, last ? std::min(size, *last + 1) : size};
}

ServedResponse serve_file(const std::string& path, io::Fd file, uint64_t size,
                          const ServedRequest& request) {
  ServedResponse response;
  response.headers = {{"Accept-Ranges", "bytes"}, {"Content-Type", content_type(path)}};
  Span span{0, size};
  const std::string* range = request.header("Range");
  if (const auto part = range == nullptr ? std::nullopt : parse_range(*range, size)) {
    if (part->begin == part->end) {
      response.status = 416;
      response.headers.push_back({"Content-Range", "bytes */" + std::to_string(size)});
      return response;
    }
    span = *part;
    response.status = 206;
    response.headers.push_back({"Content-Range", "bytes " + std::to_string(span.begin) + "-" +
                                                     std::to_string(span.end - 1) + "/" +
                                                     std::to_string(size)});
  }
  response.file = std::move(file);
  response.file_offset = span.begin;
  response.file_size = span.end - span.begin;
  return response;
}

std::string html_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&#34;"; break;
      default: out += c;
    }
  }
  return out;
}

ServedResponse list_directory(const std::string& path) {
  struct Close {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir(path.c_str()));
  if (!directory) return text_response(403, "forbidden\n");
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    names.push_back(io::is_directory(path + "/" + name) ? name + "/" : name);
  }
  std::sort(names.begin(), names.end());
  ServedResponse response;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  response.body = "<pre>\n";
  for (const std::string& name : names) {
    const bool folder = name.ends_with('/');
    const std::string bare = folder ? name.substr(0, name.size() - 1) : name;
    response.body += "<a href=\"" + percent_encode(bare) + (folder ? "/" : "") + "\">" +
                     html_escaped(name) + "</a>\n";
  }
  response.body += "</pre>\n";
  return response;
}

bool readable_method(const std::string& method) { return method == "GET" || method == "HEAD"; }

}  // namespace

std::string clean_url_path(const std::string& path) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (!part.empty() && part != "." && part != "..") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string clean;
  for (const std::string& part : parts) clean += "/" + part;
  return clean.empty() ? "/" : clean;
}

ServedResponse serve_directory(const std::string& root, const ServedRequest& request) {
  if (!readable_method(request.method)) return text_response(405, "method not allowed\n");
  const std::string clean = clean_url_path(request.path);
  std::string path = clean == "/" ? root : root + clean;
  if (io::is_directory(path)) {
    if (!request.path.ends_with('/')) {
      ServedResponse moved = text_response(301, "");
      moved.headers.push_back({"Location", io::base_name(clean) + "/"});
      return moved;
    }
    if (!io::exists(path + "/index.html")) return list_directory(path);
    path += "/index.html";
  }
  Result<io::Fd> file = io::open_file(path, O_RDONLY | O_NONBLOCK);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    const bool forbidden = !file && file.error().code == ErrorCode::Denied;
    return forbidden ? text_response(403, "forbidden\n")
                     : text_response(404, "404 page not found\n");
  }
  return serve_file(path, std::move(*file), static_cast<uint64_t>(info.st_size), request);
}

ServedResponse serve_content(const std::map<std::string, std::string>& content,
                             const ServedRequest& request) {
  if (!readable_method(request.method)) return text_response(405, "method not allowed\n");
  const std::string path = clean_url_path(request.path);
  const auto found = content.find(path);
  if (found != content.end()) return text_response(200, found->second);
  std::vector<std::string> known;
  for (const auto& [key, text] : content) known.push_back(key);
  const std::string near = nearest_name(path, known);
  std::string said = path + " not found.";
  if (!near.empty()) said += " Did you mean " + near + "?";
  return text_response(404, said + "\n");
}

}  // namespace farm::net
