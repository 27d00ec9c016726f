#include "call.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

TEST(IpFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"cidrhost", R"(["10.0.0.5/24",5])", R"("10.0.0.5")"},
      {"cidrhost", R"(["10.0.0.0/24",-1])", R"("10.0.0.255")"},
      {"cidrhost", R"(["fd00::/64",255])", R"("fd00::ff")"},
      {"cidrhost", R"(["::/0",-1])", R"("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")"},
      {"cidrhost", R"(["10.0.0.0/24",256])",
       "error: prefix of 24 does not accommodate a host numbered 256"},
      {"cidrhost", R"(["10.0.0.0/24",-257])",
       "error: prefix of 24 does not accommodate a host numbered -257"},
      {"cidrhost", R"(["10.0.0.0",1])",
       "error: invalid CIDR expression: invalid CIDR address: 10.0.0.0"},
      {"cidrhost", R"(["10.0.0.0/33",1])",
       "error: invalid CIDR expression: invalid CIDR address: 10.0.0.0/33"},
      {"cidrnetmask", R"(["10.0.0.0/12"])", R"("255.240.0.0")"},
      {"cidrnetmask", R"(["fd00::/64"])", R"("ffff:ffff:ffff:ffff::")"},
      {"cidrnetmask", R"(["0.0.0.0/0"])", R"("0.0.0.0")"},
      {"cidrnetmask", R"(["x"])", "error: invalid CIDR expression: invalid CIDR address: x"},
      {"cidrsubnet", R"(["10.1.2.240/4",4,15])", R"("15.0.0.0/8")"},
      {"cidrsubnet", R"(["fd00:fd12:3456:7890::/56",16,162])",
       R"("fd00:fd12:3456:7800:a200::/72")"},
      {"cidrsubnet", R"(["10.0.0.0/8",0,0])", R"("10.0.0.0/8")"},
      {"cidrsubnet", R"(["10.0.0.0/8",4,16])",
       "error: prefix extension of 4 does not accommodate a subnet numbered 16"},
      {"cidrsubnet", R"(["10.0.0.0/8",30,0])",
       "error: insufficient address space to extend prefix of 8 by 30"},
      {"cidrsubnet", R"(["fd00::/8",33,0])", "error: may not extend prefix by more than 32 bits"},
      {"cidrsubnet", R"(["10.0.0.0/8",-1,0])",
       "error: may not extend prefix by a negative number of bits"},
      {"cidrsubnets", R"(["10.1.0.0/16",4,4,8,4])",
       R"(["10.1.0.0/20","10.1.16.0/20","10.1.32.0/24","10.1.48.0/20"])"},
      {"cidrsubnets", R"(["10.1.0.0/16"])", "[]"},
      {"cidrsubnets", R"(["fd00::/16",4])", R"(["fd00::/20"])"},
      {"cidrsubnets", R"(["10.1.0.0/16",0])",
       "error in newbits: must extend prefix by at least one bit"},
      {"cidrsubnets", R"(["10.1.0.0/16",33])",
       "error in newbits: may not extend prefix by more than 32 bits"},
      {"cidrsubnets", R"(["10.1.0.0/16",20])",
       "error in newbits: would extend prefix to 36 bits, which is too long for an IPv4 address"},
      {"cidrsubnets", R"(["10.1.0.0/16",1,1,1])",
       "error in newbits: not enough remaining address space for a subnet with a prefix of 17 "
       "bits after 10.1.128.0/17"},
  });
}

}  // namespace
}  // namespace farm::functions
