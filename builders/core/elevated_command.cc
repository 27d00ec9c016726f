#include "builders/core/elevated_command.h"

#include "builders/core/powershell.h"

namespace farm::builders {
namespace {

// 267011: registered, but not run yet (SCHED_S_TASK_HAS_NOT_RUN); state 2 is queued, 4 running. The
// state is looked at before the output, so the last look finds all of it.
constexpr const char* kWait = R"ps(
$out = [Console]::OpenStandardOutput()
$buffer = New-Object byte[] 65536
$at = 0
$waited = 0
do {
  Start-Sleep -Milliseconds 100
  $pending = $registered.LastTaskResult -eq 267011
  $running = $pending -or $registered.State -eq 4 -or $registered.State -eq 2
  if ($pending) {
    $waited += 1
    if ($waited -gt 600) { throw "the scheduled task $name did not start within a minute" }
  }
  if ([IO.File]::Exists($log)) {
    $file = [IO.File]::Open($log, 'Open', 'Read', 'ReadWrite')
    [void]$file.Seek($at, 'Begin')
    while (($count = $file.Read($buffer, 0, $buffer.Length)) -gt 0) {
      $out.Write($buffer, 0, $count)
      $at += $count
    }
    $file.Close()
  }
} while ($running)
$out.Flush()
$code = $registered.LastTaskResult
$folder.DeleteTask($name, 0)
try { [IO.File]::Delete($log) } catch { }
exit $code
)ps";

std::string task_script(const ElevatedCommand& elevated, const std::string& name) {
  const bool service = elevated.password.empty();
  std::string text = "$ErrorActionPreference = 'Stop'\n$ProgressPreference = 'SilentlyContinue'\n";
  text += "$name = " + powershell_quote(name) + "\n";
  text += "$log = \"$env:SystemRoot\\Temp\\$name.out\"\n";
  text += "$command = " + powershell_quote(elevated.command) + "\n";
  text += "$service = New-Object -ComObject 'Schedule.Service'\n$service.Connect()\n";
  text += "$task = $service.NewTask(0)\n$task.Principal.RunLevel = 1\n";
  text += "$task.Settings.DisallowStartIfOnBatteries = $false\n";
  text += "$task.Settings.StopIfGoingOnBatteries = $false\n";
  text += "$task.Settings.ExecutionTimeLimit = 'PT24H'\n$task.Settings.Priority = 4\n";
  text += "$action = $task.Actions.Create(0)\n$action.Path = 'cmd.exe'\n";
  text += "$action.Arguments = \"/s /c `\"$command > `\"$log`\" 2>&1`\"\"\n";
  text += "$folder = $service.GetFolder('\\')\n";
  // 6: create or update; logon 1: by password, 5: service account.
  text += "[void]$folder.RegisterTaskDefinition($name, $task, 6, " +
          powershell_quote(elevated.user) + ", " +
          (service ? "$null, 5" : powershell_quote(elevated.password.reveal()) + ", 1") +
          ", $null)\n";
  text += "$registered = $folder.GetTask($name)\n[void]$registered.Run($null)\n";
  return text + kWait;
}

}  // namespace

Result<StagedCommand> stage_elevated(BuildContext& context, const ElevatedCommand& elevated) {
  const std::string id = uuid_v4(context.random);
  StagedCommand staged;
  staged.script = "c:/Windows/Temp/packer-elevated-shell-" + id + ".ps1";
  TRY(context.communicator->upload_bytes(task_script(elevated, "packer-" + id), staged.script, 0600,
                                         context.cancel));
  staged.command = "powershell -executionpolicy bypass -file \"" + staged.script + "\"";
  return staged;
}

}  // namespace farm::builders
