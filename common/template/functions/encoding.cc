// Base64, character sets, CSV, JSON, URL and YAML functions.

#include "common/template/functions/base64.h"
#include "common/template/functions/character_sets.h"
#include "common/template/functions/csv_reader.h"
#include "common/template/functions/json_reader.h"
#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"
#include "common/template/functions/yaml_reader.h"
#include "common/template/functions/yaml_writer.h"

#include <fmt/format.h>
#include <zlib.h>

namespace farm::functions {
namespace {

Result<std::string> base64_decode_call(Arguments arguments, CallContext&) {
  const std::string& text = arguments[0].as_string();
  Result<std::string> bytes = base64_decode(text);
  if (!bytes) return invalid_input(fmt::format("failed to decode base64 data '{}'", text));
  if (!is_utf8(*bytes)) {
    return invalid_input("the result of decoding the the provided string is not valid UTF-8");
  }
  return bytes;
}

Result<std::string> gzip(std::string_view text) {
  constexpr int kGzipWindow = 15 + 16;  // zlib: 16 more asks for a gzip header
  constexpr int kMemoryLevel = 8;       // zlib's default
  constexpr int kUnknownSystem = 255;   // in the header; the same bytes on every host
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return internal("failed to compress: out of memory");
  }
  gz_header header{};
  header.os = kUnknownSystem;
  deflateSetHeader(&stream, &header);
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string input(text);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return internal("failed to compress");
  return out;
}

Result<std::string> base64_gzip(Arguments arguments, CallContext&) {
  const std::string bytes = TRY(gzip(arguments[0].as_string()));
  return base64_encode(bytes);
}

Outcome unknown_encoding(const std::string& name) {
  return fail_argument(
      1, fmt::format("{} is not a supported IANA encoding name or alias", quoted(name)));
}

Outcome text_encode_base64(Arguments arguments, CallContext&) {
  const std::string& encoding = arguments[1].as_string();
  Result<std::string> bytes = encode_text(arguments[0].as_string(), encoding);
  if (bytes) return Value::string(base64_encode(*bytes));
  if (bytes.error().code == ErrorCode::NotFound) return unknown_encoding(encoding);
  return fail_argument(
      0, fmt::format("the given string contains characters that cannot be represented in {}",
                     encoding));
}

Outcome text_decode_base64(Arguments arguments, CallContext&) {
  const std::string& encoding = arguments[1].as_string();
  Result<std::string> bytes = base64_decode(arguments[0].as_string());
  if (!bytes) {
    return fail_argument(0, "the given value is not valid Base64: " + bytes.error().message);
  }
  Result<std::string> text = decode_text(*bytes, encoding);
  if (text) return Value::string(std::move(text).value());
  if (text.error().code == ErrorCode::NotFound) return unknown_encoding(encoding);
  return fail_argument(
      0, fmt::format("the given string contains symbols that are not defined for {}", encoding));
}

Result<std::string> json_encode(Arguments arguments, CallContext&) {
  Result<std::string> json = value::to_json(arguments[0]);
  // Infinity is all that a wholly known value can hold and JSON cannot.
  if (!json) return invalid_input("cannot serialize infinity as JSON");
  return json;
}

// As in the query of a URL: a space is a plus sign.
std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

void add_documents(Table& table) {
  const Type string = Type::string();
  const Type any;
  define(table,
         {"csvdecode", {text_parameter("str")}, {}, any, "The rows of a CSV text as objects."},
         [](Arguments arguments, CallContext&) { return read_csv(arguments[0].as_string()); });
  define(table, {"jsondecode", {text_parameter("str")}, {}, any, "The value of a JSON text."},
         [](Arguments arguments, CallContext&) { return read_json(arguments[0].as_string()); });
  define(table, {"jsonencode", {nullable_parameter("val")}, {}, string, "A value as JSON."},
         json_encode);
  define(table, {"yamldecode", {text_parameter("src")}, {}, any, "The value of a YAML document."},
         [](Arguments arguments, CallContext&) { return read_yaml(arguments[0].as_string()); });
  define(table, {"yamlencode", {nullable_parameter("value")}, {}, string, "A value as YAML."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::string(write_yaml(arguments[0]));
         });
}

}  // namespace

void add_encoding_functions(Table& table) {
  const Type string = Type::string();
  define(table, {"base64encode", {text_parameter("str")}, {}, string, "A text in Base64."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::string(base64_encode(arguments[0].as_string()));
         });
  define(table, {"base64decode", {text_parameter("str")}, {}, string, "The text of Base64."},
         base64_decode_call);
  define(table,
         {"base64gzip", {text_parameter("str")}, {}, string, "A text compressed, in Base64."},
         base64_gzip);
  define(table,
         {"textencodebase64",
          {text_parameter("string"), text_parameter("encoding")},
          {},
          string,
          "A text in a character encoding, in Base64."},
         text_encode_base64);
  define(table,
         {"textdecodebase64",
          {text_parameter("source"), text_parameter("encoding")},
          {},
          string,
          "The text of Base64 in a character encoding."},
         text_decode_base64);
  define(table, {"urlencode", {text_parameter("str")}, {}, string, "A text escaped for URLs."},
         [](Arguments arguments, CallContext&) -> Outcome {
           return Value::string(url_encoded(arguments[0].as_string()));
         });
  add_documents(table);
}

}  // namespace farm::functions
