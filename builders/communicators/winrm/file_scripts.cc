#include "builders/communicators/winrm/file_scripts.h"

#include <fmt/format.h>

#include "builders/core/powershell.h"

namespace farm::builders::winrm {
namespace {

constexpr const char* kStrict = "$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue';";

// `path` as PowerShell's own commands would take it, but with variables and without wildcards.
std::string resolved(const std::string& path) {
  return "$ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath("
         "[Environment]::ExpandEnvironmentVariables("
         "$ExecutionContext.InvokeCommand.ExpandString(" +
         powershell_quote(path) + ")))";
}

constexpr const char* kZipLibrary = "Add-Type -AssemblyName System.IO.Compression.FileSystem;";

}  // namespace

// begin, process and end: only so PowerShell hands on its input line by line instead of keeping it.
std::string receive_file_script(const std::string& path, uint64_t size) {
  return fmt::format(
      "begin{{{0}$p={1};if([IO.Directory]::Exists($p)){{throw \"$p is a folder\"}};"
      "[void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($p));"
      "$f=[IO.File]::Create(\"$p.farm-part\")}}"
      "process{{if($_){{$b=[Convert]::FromBase64String($_);$f.Write($b,0,$b.Length)}}}}"
      "end{{$n=$f.Length;$f.Close();if($n -ne {2}){{[IO.File]::Delete(\"$p.farm-part\");"
      "[Console]::Error.WriteLine(\"received $n of {2} bytes\");exit {3}}};"
      "if([IO.File]::Exists($p)){{[IO.File]::Delete($p)}};[IO.File]::Move(\"$p.farm-part\",$p)}}",
      kStrict, resolved(path), size, kIncomplete);
}

std::string send_file_script(const std::string& path) {
  return fmt::format(
      "{}$f=[IO.File]::OpenRead({});[Console]::Out.WriteLine($f.Length);"
      "$b=New-Object byte[] 49152;while(($n=$f.Read($b,0,$b.Length)) -gt 0)"
      "{{[Console]::Out.WriteLine([Convert]::ToBase64String($b,0,$n))}};$f.Close()",
      kStrict, resolved(path));
}

std::string unpack_script(const std::string& zip, const std::string& folder) {
  return fmt::format(
      "{}{}$z={};$p={};[void][IO.Directory]::CreateDirectory($p);"
      "$a=[IO.Compression.ZipFile]::OpenRead($z);try{{foreach($e in $a.Entries){{"
      "$t=[IO.Path]::Combine($p,$e.FullName.Replace('/','\\'));"
      "if($e.FullName.EndsWith('/')){{[void][IO.Directory]::CreateDirectory($t)}}else{{"
      "[void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($t));"
      "[IO.Compression.ZipFileExtensions]::ExtractToFile($e,$t,$true)}}}}}}"
      "finally{{$a.Dispose();[IO.File]::Delete($z)}}",
      kStrict, kZipLibrary, resolved(zip), resolved(folder));
}

std::string pack_script(const std::string& folder, const std::string& zip) {
  return fmt::format("{}{}[IO.Compression.ZipFile]::CreateFromDirectory({},{})", kStrict,
                     kZipLibrary, resolved(folder), resolved(zip));
}

std::string delete_file_script(const std::string& path) {
  return fmt::format("{}[IO.File]::Delete({})", kStrict, resolved(path));
}

std::string is_folder_script(const std::string& path) {
  return fmt::format("{}if([IO.Directory]::Exists({})){{exit 0}};exit 1", kStrict, resolved(path));
}

}  // namespace farm::builders::winrm
