"""Cmdlets, scripts and native programs as PowerShell calls them."""

import os

import dotnet
from machine import Refused
from powershell import (Exit, PowerShell, ScriptBlock, Thrown, read_script, sleep, text_of, truth)


def bind(shell, arguments, switches, positional):
    """Named arguments by lower-case name; positional ones by the names given, in order."""
    found, position, index = {}, 0, 0
    while index < len(arguments):
        node = arguments[index]
        index += 1
        if node[0] == "parameter":
            if node[1] in switches:
                found[node[1]] = True
                continue
            if index == len(arguments):
                raise Refused("PowerShell: -%s without value" % node[1])
            found[node[1]] = shell.expression(arguments[index])
            index += 1
        else:
            if position == len(positional):
                raise Refused("PowerShell: too many arguments")
            found[positional[position]] = shell.expression(node)
            position += 1
    return found


def run(shell, node, items):
    _, call, name_node, arguments, redirects = node
    name = shell.expression(name_node)
    if call == "&" and isinstance(name, ScriptBlock):
        return shell.body(name.body)
    name = text_of(name)
    if call == "." or (call == "&" and name.lower().endswith(".ps1")) or \
            name.lower().endswith(".ps1"):
        return run_file(shell, name, call == ".")
    function = COMMANDS.get(name.lower())
    if function:
        if redirects:
            raise Refused("PowerShell: redirection of %s" % name)
        return function(shell, arguments, items)
    return run_native(shell, name, arguments, redirects)


def run_file(shell, path, dotted):
    text = read_script(shell.machine, path, shell.folder)
    inner = shell
    if not dotted:
        inner = PowerShell(shell.machine, shell.process, shell.environment, shell.folder,
                           shell.error_form)
        inner.sink = shell.sink
    from powershell_parser import Parser
    try:
        inner.body(Parser(text.replace("\r\n", "\n")).program())
    except Exit as exit_:
        if dotted:
            raise
        shell.variables["lastexitcode"] = exit_.code


def run_native(shell, name, arguments, redirects):
    import commands
    words = []
    for node in arguments:
        value = shell.expression(node)
        words += [text_of(item) for item in dotnet.items(value)]
    if any(target is not None for _, target in redirects):
        raise Refused("PowerShell: redirection to a file")
    code = commands.run_program(shell.machine, shell.process, shell.environment, name, words,
                                shell.folder, shell.emit_native)
    shell.variables["lastexitcode"] = code


def write_output(shell, arguments, items):
    found = bind(shell, arguments, {"noenumerate"}, ["inputobject"] + ["more"] * 8)
    for value in list(found.values()) if found else items or []:
        shell.emit(value)


def write_host(shell, arguments, items):
    words = []
    for node in arguments:
        if node[0] == "parameter" and node[1] not in ("nonewline",):
            raise Refused("PowerShell: Write-Host -%s" % node[1])
        if node[0] != "parameter":
            words.append(text_of(shell.expression(node)))
    end = "" if any(node == ("parameter", "nonewline") for node in arguments) else "\r\n"
    shell.process.write("stdout", " ".join(words) + end)


def write_error(shell, arguments, items):
    found = bind(shell, arguments, set(), ["message"])
    message = text_of(found.get("message", found.get("errorrecord", items)))
    if found.get("erroraction", shell.variables["erroractionpreference"]) == "Stop":
        raise Thrown(message)
    shell.write_error(message)


def set_content(shell, arguments, items):
    found = bind(shell, arguments, {"force", "nonewline"}, ["path", "value"])
    path = found.get("path", found.get("literalpath", found.get("filepath")))
    values = dotnet.items(found["value"]) if "value" in found else items or []
    text = "".join(text_of(value) + ("" if "nonewline" in found else "\r\n") for value in values)
    with open(shell.machine.local(path, shell.folder), "w", newline="") as file:
        file.write(text)


def add_content(shell, arguments, items):
    found = bind(shell, arguments, {"force"}, ["path", "value"])
    with open(shell.machine.local(found["path"], shell.folder), "a", newline="") as file:
        file.write(text_of(found["value"]) + "\r\n")


def get_content(shell, arguments, items):
    found = bind(shell, arguments, {"raw"}, ["path"])
    text = read_script(shell.machine, found.get("path", found.get("literalpath")), shell.folder)
    shell.emit(text if "raw" in found else text.splitlines())


def new_item(shell, arguments, items):
    found = bind(shell, arguments, {"force"}, ["path"])
    local = shell.machine.local(found["path"], shell.folder)
    if found.get("itemtype", found.get("type", "File")).lower() == "directory":
        os.makedirs(local, exist_ok=True)
    else:
        open(local, "a").close()


def remove_item(shell, arguments, items):
    import shutil
    found = bind(shell, arguments, {"force", "recurse"}, ["path"])
    action = found.get("erroraction", shell.variables["erroractionpreference"])
    for path in dotnet.items(found.get("literalpath", found.get("path"))):
        local = shell.machine.local(path, shell.folder)
        if os.path.isdir(local) and "recurse" in found:
            shutil.rmtree(local)
        elif os.path.exists(local):
            os.remove(local)
        elif action.lower() == "stop":
            raise OSError("Cannot find path '%s' because it does not exist." % path)
        elif action.lower() != "silentlycontinue":
            shell.write_error("Cannot find path '%s'" % path)


def test_path(shell, arguments, items):
    found = bind(shell, arguments, set(), ["path"])
    path = text_of(found.get("path", found.get("literalpath")))
    if path.lower().startswith("variable:"):
        shell.emit(path.rpartition(":")[2].lower() in shell.variables)
    elif path.lower().startswith(("hklm:", "registry::")):
        shell.emit(path.lower() in {key.lower() for key in shell.machine.registry})
    else:
        local = shell.machine.local(path, shell.folder)
        kind = found.get("pathtype", "any").lower()
        shell.emit({"any": os.path.exists, "leaf": os.path.isfile,
                    "container": os.path.isdir}[kind](local))


def start_sleep(shell, arguments, items):
    found = bind(shell, arguments, set(), ["seconds"])
    seconds = found.get("milliseconds", found.get("m", 0)) / 1000 + found.get(
        "seconds", found.get("s", 0))
    sleep(shell.process, seconds)


def new_object(shell, arguments, items):
    found = bind(shell, arguments, set(), ["typename", "argumentlist"])
    if "comobject" in found:
        return shell.emit_one(dotnet.com_object(found["comobject"], shell))
    return shell.emit_one(dotnet.new_object(found["typename"],
                                            dotnet.items(found.get("argumentlist")), shell))


def add_type(shell, arguments, items):
    found = bind(shell, arguments, set(), [])
    if found.get("assemblyname") != "System.IO.Compression.FileSystem":
        raise Refused("PowerShell: Add-Type %s" % found)


def set_variable(shell, arguments, items):
    found = bind(shell, arguments, set(), ["name", "value"])
    shell.variables[found["name"].rpartition(":")[2].lower()] = found["value"]


def foreach_object(shell, arguments, items):
    block = shell.expression(arguments[0])
    for item in items or []:
        shell.variables["_"] = item
        shell.body(block.body)


def where_object(shell, arguments, items):
    block = shell.expression(arguments[0])
    for item in items or []:
        shell.variables["_"] = item
        if truth(shell.value(("subexpression", block.body, False))):
            shell.emit(item)


def set_psdebug(shell, arguments, items):
    found = bind(shell, arguments, {"off"}, [])
    shell.process.write("stdout", "DEBUG: trace %s\r\n" % found["trace"] if found["trace"] else "")


def out_null(shell, arguments, items):
    pass


COMMANDS = {
    "write-output": write_output, "echo": write_output, "write-host": write_host,
    "write-error": write_error, "set-content": set_content, "out-file": set_content,
    "add-content": add_content, "get-content": get_content, "new-item": new_item,
    "remove-item": remove_item, "test-path": test_path, "start-sleep": start_sleep,
    "new-object": new_object, "add-type": add_type, "set-variable": set_variable,
    "foreach-object": foreach_object, "%": foreach_object, "where-object": where_object,
    "set-psdebug": set_psdebug, "out-null": out_null}
