// cidrhost cidrnetmask cidrsubnet cidrsubnets, for IPv4 and IPv6.

#include "common/template/functions/registration.h"

#include <arpa/inet.h>

#include <array>

#include <fmt/format.h>

namespace farm::functions {
namespace {

__extension__ using Bits = unsigned __int128;

constexpr int64_t kMostNewBits = 32;

struct Network {
  Bits address = 0;  // host bits are zero; an IPv4 address is in the low 32 bits
  int width = 32;    // 32 or 128
  int prefix = 0;
};

// The lowest `count` bits set.
Bits ones(int count) {
  return count >= 128 ? ~Bits{0} : (Bits{1} << count) - 1;
}

std::string address_text(Bits address, int width) {
  std::array<uint8_t, 16> bytes{};
  const auto count = static_cast<size_t>(width / 8);
  for (size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<uint8_t>(address >> (width - 8 * (static_cast<int>(i) + 1)));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(width == 32 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string network_text(const Network& network) {
  return fmt::format("{}/{}", address_text(network.address, network.width), network.prefix);
}

Result<Network> parse_network(const std::string& text) {
  const Error invalid = invalid_input("invalid CIDR expression: invalid CIDR address: " + text);
  const size_t slash = text.find('/');
  if (slash == std::string::npos || text.find('\0') != std::string::npos) return invalid;
  const std::string address = text.substr(0, slash);
  const std::string prefix = text.substr(slash + 1);
  if (prefix.empty() || prefix.size() > 3 ||
      prefix.find_first_not_of("0123456789") != std::string::npos) {
    return invalid;
  }
  Network network;
  std::array<uint8_t, 16> bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
    network.width = 128;
  } else if (inet_pton(AF_INET, address.c_str(), bytes.data()) != 1) {
    return invalid;
  }
  network.prefix = std::stoi(prefix);
  if (network.prefix > network.width) return invalid;
  for (size_t i = 0; i < static_cast<size_t>(network.width / 8); ++i) {
    network.address = network.address << 8 | bytes[i];
  }
  network.address &= ~ones(network.width - network.prefix);
  return network;
}

Outcome host(Arguments arguments, CallContext&) {
  Result<Network> network = parse_network(arguments[0].as_string());
  if (!network) return fail(std::move(network).error().message);
  const std::optional<int64_t> number = whole_number(arguments[1]);
  if (!number) return fail(kWholeNumberMessage);
  // Below zero counts from the last address: -1 is the last.
  const Bits last = ones(network->width - network->prefix);
  const bool from_end = *number < 0;
  const auto distance = static_cast<uint64_t>(from_end ? -(*number + 1) : *number);
  if (distance > last) {
    return fail(fmt::format("prefix of {} does not accommodate a host numbered {}", network->prefix,
                            *number));
  }
  const Bits host_bits = from_end ? last - distance : Bits{distance};
  return Value::string(address_text(network->address | host_bits, network->width));
}

Outcome netmask(Arguments arguments, CallContext&) {
  Result<Network> network = parse_network(arguments[0].as_string());
  if (!network) return fail(std::move(network).error().message);
  const Bits mask = ones(network->width) & ~ones(network->width - network->prefix);
  return Value::string(address_text(mask, network->width));
}

Outcome subnet(Arguments arguments, CallContext&) {
  Result<Network> network = parse_network(arguments[0].as_string());
  if (!network) return fail(std::move(network).error().message);
  const std::optional<int64_t> new_bits = whole_number(arguments[1]);
  const std::optional<int64_t> number = whole_number(arguments[2]);
  if (!new_bits || !number) return fail(kWholeNumberMessage);
  if (*new_bits > kMostNewBits) return fail("may not extend prefix by more than 32 bits");
  if (*new_bits < 0) return fail("may not extend prefix by a negative number of bits");
  const int prefix = network->prefix + static_cast<int>(*new_bits);
  if (prefix > network->width) {
    return fail(fmt::format("insufficient address space to extend prefix of {} by {}",
                            network->prefix, *new_bits));
  }
  if (*number < 0 || static_cast<Bits>(*number) > ones(static_cast<int>(*new_bits))) {
    return fail(fmt::format("prefix extension of {} does not accommodate a subnet numbered {}",
                            *new_bits, *number));
  }
  if (prefix > 0) network->address |= static_cast<Bits>(*number) << (network->width - prefix);
  network->prefix = prefix;
  return Value::string(network_text(*network));
}

// The prefix length that one argument of cidrsubnets() asks for.
Result<int> extended_prefix(const Network& network, const Value& new_bits) {
  const std::optional<int64_t> bits = whole_number(new_bits);
  if (!bits) return invalid_input(kWholeNumberMessage);
  if (*bits < 1) return invalid_input("must extend prefix by at least one bit");
  if (*bits > kMostNewBits) return invalid_input("may not extend prefix by more than 32 bits");
  const int prefix = network.prefix + static_cast<int>(*bits);
  if (prefix > network.width) {
    return invalid_input(
        fmt::format("would extend prefix to {} bits, which is too long for an {} address", prefix,
                    network.width == 32 ? "IPv4" : "IPv6"));
  }
  return prefix;
}

// One subnet after the other, each at the next address its length allows.
Outcome subnets(Arguments arguments, CallContext&) {
  Result<Network> network = parse_network(arguments[0].as_string());
  if (!network) return fail(std::move(network).error().message);
  const Bits last = network->address | ones(network->width - network->prefix);
  std::vector<std::string> texts;
  std::optional<Bits> used;  // the last address given away
  for (size_t i = 1; i < arguments.size(); ++i) {
    Result<int> prefix = extended_prefix(*network, arguments[i]);
    if (!prefix) return fail_argument(i, std::move(prefix).error().message);
    const Bits block = ones(network->width - *prefix);
    if (used && (*used | block) >= last) {
      return fail_argument(
          i, fmt::format("not enough remaining address space for a subnet with a prefix of {} "
                         "bits after {}",
                         *prefix, texts.back()));
    }
    const Bits first = used ? (*used | block) + 1 : network->address;
    texts.push_back(network_text({first, network->width, *prefix}));
    used = first | block;
  }
  return string_list(texts);
}

}  // namespace

void add_ip_functions(Table& table) {
  const Type string = Type::string();
  define(table,
         {"cidrhost",
          {text_parameter("prefix"), number_parameter("hostnum")},
          {},
          string,
          "An address in a network by its number."},
         host);
  define(table, {"cidrnetmask", {text_parameter("prefix")}, {}, string, "The mask of a network."},
         netmask);
  define(table,
         {"cidrsubnet",
          {text_parameter("prefix"), number_parameter("newbits"), number_parameter("netnum")},
          {},
          string,
          "A network inside a network by its number."},
         subnet);
  define(table,
         {"cidrsubnets",
          {text_parameter("prefix")},
          number_parameter("newbits"),
          Type::list(string),
          "Networks one after the other inside a network."},
         subnets);
}

}  // namespace farm::functions
