// Digests, bcrypt, rsadecrypt and UUIDs.

#include "common/template/functions/base64.h"
#include "common/template/functions/digest.h"
#include "common/template/functions/registration.h"
#include "common/template/functions/rsa_decrypt.h"
#include "common/template/functions/text.h"

#include <crypt.h>

#include <array>
#include <memory>

#include <fmt/format.h>

namespace farm::functions {
namespace {

void add_digest(Table& table, const char* algorithm) {
  define(table,
         {algorithm,
          {text_parameter("str")},
          {},
          Type::string(),
          fmt::format("The {} digest in hexadecimal.", algorithm)},
         [algorithm](Arguments arguments, CallContext&) -> Outcome {
           return Value::string(hexadecimal(digest(algorithm, arguments[0].as_string())));
         });
}

// 16 random bytes in bcrypt's own Base64, which has another alphabet and no padding.
std::string bcrypt_salt(Random& random) {
  constexpr std::string_view kStandard =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view kBcrypt =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr size_t kSaltLength = 22;
  std::array<uint8_t, 16> bytes{};
  random.fill(bytes);
  std::string salt = base64_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  salt.resize(kSaltLength);
  for (char& c : salt) c = kBcrypt[kStandard.find(c)];
  return salt;
}

Result<std::string> bcrypt(Arguments arguments, CallContext& context) {
  constexpr int64_t kLowestCost = 4;
  constexpr int64_t kHighestCost = 31;
  constexpr int64_t kLargestCost = 16;  // some 5 s; each step doubles it
  constexpr int64_t kDefaultCost = 10;
  constexpr size_t kLongestPassword = 72;  // bytes the algorithm reads
  if (arguments.size() > 2) return invalid_input("bcrypt() takes no more than two arguments");
  int64_t cost = kDefaultCost;
  if (arguments.size() == 2) {
    const std::optional<int64_t> asked = whole_number(arguments[1]);
    if (!asked) return invalid_input(kWholeNumberMessage);
    if (*asked >= kLowestCost) cost = *asked;
  }
  const std::string& password = arguments[0].as_string();
  if (cost > kLargestCost && cost <= kHighestCost) {
    return invalid_input(fmt::format("a cost of {} would take hours; at most {}", cost,
                                     kLargestCost));
  }
  const std::string failed = "error occured generating password ";
  if (cost > kHighestCost) {
    return invalid_input(
        fmt::format("{}crypto/bcrypt: cost {} is outside allowed range (4,31)", failed, cost));
  }
  if (password.size() > kLongestPassword) {
    return invalid_input(failed + "bcrypt: password length exceeds 72 bytes");
  }
  if (password.find('\0') != std::string::npos) {
    return invalid_input(failed + "bcrypt: the password has a NUL character");
  }
  const std::string setting = fmt::format("$2a${:02}${}", cost, bcrypt_salt(context.random));
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_r(password.c_str(), setting.c_str(), data.get());
  if (hash == nullptr || hash[0] == '*') return internal(failed + "bcrypt is not available");
  return std::string(hash);
}

Result<std::string> rsa_decrypt_call(Arguments arguments, CallContext&) {
  const std::string& text = arguments[0].as_string();
  Result<std::string> ciphertext = base64_decode(text);
  if (!ciphertext) {
    return invalid_input(
        fmt::format("failed to decode input {}: cipher text must be base64-encoded", quoted(text)));
  }
  std::string plain = TRY(rsa_decrypt(*ciphertext, arguments[1].as_string()));
  if (!is_utf8(plain)) return invalid_input("the decrypted text is not valid UTF-8");
  return plain;
}

using UuidBytes = std::array<uint8_t, 16>;

UuidBytes well_known(uint8_t last_of_time) {
  // The four namespaces of RFC 4122, appendix C, differ in one byte.
  return {0x6b, 0xa7, 0xb8, last_of_time, 0x9d, 0xad, 0x11, 0xd1,
          0x80, 0xb4, 0x00, 0xc0,         0x4f, 0xd4, 0x30, 0xc8};
}

// The canonical form, also in braces, behind "urn:uuid:" or without dashes.
Result<UuidBytes> parse_uuid(std::string_view text) {
  const size_t length = text.size();
  if (length != 32 && length != 36 && length != 38 && length != 45) {
    return invalid_input(fmt::format("invalid UUID length: {}", length));
  }
  const Error invalid = invalid_input("invalid UUID format");
  if (length == 45) {
    if (lower_case(text.substr(0, 9)) != "urn:uuid:") return invalid;
    text.remove_prefix(9);
  } else if (length == 38) {
    if (text.front() != '{' || text.back() != '}') return invalid;
    text = text.substr(1, 36);
  }
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = text.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
    if (dash != (text[i] == '-')) return invalid;
    if (!dash) digits += text[i];
  }
  digits = lower_case(digits);
  if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return invalid;
  UuidBytes bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
  }
  return bytes;
}

Result<UuidBytes> uuid_namespace(const std::string& name) {
  if (name == "dns") return well_known(0x10);
  if (name == "url") return well_known(0x11);
  if (name == "oid") return well_known(0x12);
  if (name == "x500") return well_known(0x14);
  Result<UuidBytes> bytes = parse_uuid(name);
  if (!bytes) {
    return invalid_input(
        fmt::format("uuidv5() doesn't support namespace {} ({})", name, bytes.error().message));
  }
  return bytes;
}

Result<std::string> uuid_v5(Arguments arguments, CallContext&) {
  const UuidBytes space = TRY(uuid_namespace(arguments[0].as_string()));
  std::string name(reinterpret_cast<const char*>(space.data()), space.size());
  name += arguments[1].as_string();
  std::string bytes = digest("sha1", name).substr(0, 16);
  bytes[6] = static_cast<char>((static_cast<uint8_t>(bytes[6]) & 0x0FU) | 0x50U);
  bytes[8] = static_cast<char>((static_cast<uint8_t>(bytes[8]) & 0x3FU) | 0x80U);
  std::string text = hexadecimal(bytes);
  for (const size_t dash : {20U, 16U, 12U, 8U}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace

void add_crypto_functions(Table& table) {
  const Type string = Type::string();
  for (const char* algorithm : {"md5", "sha1", "sha256", "sha512"}) add_digest(table, algorithm);
  define(table,
         {"bcrypt",
          {text_parameter("str")},
          number_parameter("cost"),
          string,
          "The bcrypt hash of a password."},
         bcrypt);
  define(table,
         {"rsadecrypt",
          {text_parameter("ciphertext"), text_parameter("privatekey")},
          {},
          string,
          "Decrypts Base64 text with an RSA private key."},
         rsa_decrypt_call);
  define(table, {"uuidv4", {}, {}, string, "A random UUID."},
         [](Arguments, CallContext& context) -> Outcome {
           return Value::string(uuid_v4(context.random));
         });
  define(table,
         {"uuidv5",
          {text_parameter("namespace"), text_parameter("name")},
          {},
          string,
          "A UUID of a name: dns, url, oid, x500 or a UUID as the namespace."},
         uuid_v5);
}

}  // namespace farm::functions
