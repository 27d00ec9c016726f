"""The .NET and COM members that farm's scripts use, on the files and tasks of a Machine."""

import base64
import os
import re
import zipfile

from machine import Refused

VOID = object()


def items(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def add(a, b):
    if isinstance(a, list):
        return a + items(b)
    if isinstance(a, str):
        from powershell import text_of
        return a + text_of(b)
    return (a or 0) + (b or 0)


class ErrorRecord:
    def __init__(self, message):
        self.message = message

    def __str__(self):
        return self.message


class ExecutionContext:
    """$ExecutionContext: expansion of paths and texts."""

    def __init__(self, shell):
        self.shell = shell


class FileStream:
    def __init__(self, file, append_only=False):
        self.file = file

    def read(self, buffer, offset, count):
        data = self.file.read(count)
        buffer[offset:offset + len(data)] = data
        return len(data)


class OutputStream:
    def __init__(self, process, name):
        self.process, self.name = process, name


class Task:
    def __init__(self):
        self.definition = {}
        self.actions = []
        self.process = None
        self.user = self.password = ""


class TaskPart(dict):
    """Principal, Settings, RegistrationInfo or an action: known properties only."""
    KNOWN = {"runlevel", "disallowstartifonbatteries", "stopifgoingonbatteries",
             "executiontimelimit", "hidden", "priority", "enabled", "path", "arguments",
             "allowdemandstart", "workingdirectory"}


class TaskService:
    def __init__(self, shell):
        self.shell, self.connected = shell, False


class TaskFolder:
    def __init__(self, service):
        self.service = service


class Actions:
    def __init__(self, task):
        self.task = task


class Static:
    def __init__(self, name, shell):
        self.name, self.shell = name, shell


TYPES = {"io.file", "io.directory", "io.path", "convert", "console", "environment",
         "io.compression.zipfile", "io.compression.zipfileextensions", "string", "math"}


def static(name, shell):
    plain = name.lower()
    plain = plain[7:] if plain.startswith("system.") else plain
    if plain not in TYPES:
        raise Refused("PowerShell: type [%s]" % name)
    return Static(plain, shell)


def new_object(name, arguments, shell):
    if name.lower() == "byte[]":
        return bytearray(arguments[0])
    raise Refused("PowerShell: New-Object %s" % name)


def com_object(name, shell):
    if name != "Schedule.Service":
        raise Refused("PowerShell: COM object %s" % name)
    return TaskService(shell)


def member(owner, name, is_static):
    key = name.lower()
    if owner is None:
        raise Refused("PowerShell: .%s of nothing" % name)
    if isinstance(owner, Static):
        if owner.name == "console" and key in ("out", "error"):
            return OutputStream(owner.shell.process, "stdout" if key == "out" else "stderr")
        raise Refused("PowerShell: [%s]::%s" % (owner.name, name))
    if isinstance(owner, ExecutionContext) and key in ("sessionstate", "path", "invokecommand"):
        return owner
    if key in ("length", "count") and isinstance(owner, (str, list, bytes, bytearray)):
        return len(owner)
    if isinstance(owner, FileStream) and key == "length":
        owner.file.flush()
        return os.fstat(owner.file.fileno()).st_size
    if isinstance(owner, zipfile.ZipFile) and key == "entries":
        return [(owner, info) for info in owner.infolist()]
    if isinstance(owner, tuple) and key == "fullname":
        return owner[1].filename
    if isinstance(owner, ErrorRecord):
        if key in ("exception", "message"):
            return owner if key == "exception" else owner.message
    if isinstance(owner, Task):
        if key in ("principal", "settings", "registrationinfo"):
            return owner.definition.setdefault(key, TaskPart())
        if key == "actions":
            return Actions(owner)
        if key == "state":
            return 4 if owner.process and not owner.process.done.is_set() else 3
        if key == "lasttaskresult":
            if owner.process is None:
                return 267011
            return owner.process.exit_code if owner.process.done.is_set() else 267009
    raise Refused("PowerShell: member .%s of %s" % (name, type(owner).__name__))


def set_member(owner, name, value):
    if isinstance(owner, TaskPart):
        if name.lower() not in TaskPart.KNOWN:
            raise Refused("PowerShell: task property " + name)
        owner[name.lower()] = value
        return
    raise Refused("PowerShell: assignment to .%s" % name)


def call(owner, name, arguments, is_static):
    key = name.lower()
    if isinstance(owner, Static):
        function = globals().get("static_" + owner.name.replace(".", "_") + "_" + key)
        if function is None or not is_static:
            raise Refused("PowerShell: [%s]::%s()" % (owner.name, name))
        return function(owner.shell, *arguments)
    if is_static:
        raise Refused("PowerShell: ::%s of a value" % name)
    for kind, prefix in ((ExecutionContext, "context_"), (FileStream, "file_"),
                         (OutputStream, "output_"), (str, "string_"), (zipfile.ZipFile, "zip_"),
                         (TaskService, "service_"), (TaskFolder, "folder_"), (Actions, "actions_"),
                         (Task, "task_")):
        if isinstance(owner, kind):
            function = globals().get(prefix + key)
            if function:
                return function(owner, *arguments)
    raise Refused("PowerShell: method .%s() of %s" % (name, type(owner).__name__))


# -- [IO.File] and its kin
def static_io_file_exists(shell, path):
    return os.path.isfile(shell.machine.local(path, shell.folder))


def static_io_file_delete(shell, path):
    local = shell.machine.local(path, shell.folder)
    if os.path.exists(local):
        os.remove(local)
    return VOID


def static_io_file_move(shell, source, target):
    if os.path.exists(shell.machine.local(target, shell.folder)):
        raise OSError("Cannot create a file when that file already exists.")
    os.rename(shell.machine.local(source, shell.folder), shell.machine.local(target, shell.folder))
    return VOID


def static_io_file_create(shell, path):
    return FileStream(open(shell.machine.local(path, shell.folder), "w+b"))


def static_io_file_openread(shell, path):
    try:
        return FileStream(open(shell.machine.local(path, shell.folder), "rb"))
    except FileNotFoundError:
        raise OSError("Could not find file '%s'." % shell.machine.full(path, shell.folder))


def static_io_file_open(shell, path, mode, access, share):
    if (mode, access, share) != ("Open", "Read", "ReadWrite"):
        raise Refused("PowerShell: [IO.File]::Open with %s" % ((mode, access, share),))
    return static_io_file_openread(shell, path)


def static_io_file_writealltext(shell, path, text):
    with open(shell.machine.local(path, shell.folder), "w", newline="") as file:
        file.write(text)
    return VOID


def static_io_file_readalltext(shell, path):
    with open(shell.machine.local(path, shell.folder), newline="") as file:
        return file.read()


def static_io_directory_exists(shell, path):
    return os.path.isdir(shell.machine.local(path, shell.folder))


def static_io_directory_createdirectory(shell, path):
    os.makedirs(shell.machine.local(path, shell.folder), exist_ok=True)
    return path


def static_io_path_getdirectoryname(shell, path):
    return path.replace("/", "\\").rpartition("\\")[0]


def static_io_path_combine(shell, first, second):
    return second if re.match(r"[A-Za-z]:|\\", second) else first.rstrip("\\") + "\\" + second


def static_convert_frombase64string(shell, text):
    return base64.b64decode(text, validate=True)


def static_convert_tobase64string(shell, data, offset=0, count=None):
    return base64.b64encode(bytes(data[offset:len(data) if count is None else offset + count])).decode()


def static_environment_expandenvironmentvariables(shell, text):
    def replace(match):
        for name, value in shell.environment.items():
            if name.lower() == match.group(1).lower():
                return value
        return match.group()
    return re.sub(r"%([^%]+)%", replace, text)


def static_environment_exit(shell, code):
    from powershell import Exit
    raise Exit(code)


def static_console_openstandardoutput(shell):
    return OutputStream(shell.process, "stdout")


def static_io_compression_zipfile_openread(shell, path):
    return zipfile.ZipFile(shell.machine.local(path, shell.folder))


def static_io_compression_zipfile_createfromdirectory(shell, folder, path):
    local, target = shell.machine.local(folder, shell.folder), shell.machine.local(path, shell.folder)
    if not os.path.isdir(local):
        raise OSError("Could not find a part of the path '%s'." % folder)
    if os.path.exists(target):
        raise OSError("The file '%s' already exists." % path)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for here, folders, names in os.walk(local):
            relative = os.path.relpath(here, local)
            for name in names:
                # As .NET before 4.6.1: names with backslashes.
                inside = name if relative == "." else os.path.join(relative, name)
                info = zipfile.ZipInfo(inside)
                info.filename = inside.replace("/", "\\")
                with open(os.path.join(here, name), "rb") as file:
                    archive.writestr(info, file.read())
            if not names and not folders and relative != ".":
                archive.writestr(relative.replace("/", "\\") + "\\", b"")
    return VOID


def static_io_compression_zipfileextensions_extracttofile(shell, entry, path, overwrite=False):
    target = shell.machine.local(path, shell.folder)
    if os.path.exists(target) and not overwrite:
        raise OSError("The file '%s' already exists." % path)
    with open(target, "wb") as file:
        file.write(entry[0].read(entry[1]))
    return VOID


# -- instances
def context_getunresolvedproviderpathfrompspath(context, path):
    if path == "~" or path[:2] in ("~/", "~\\"):
        path = context.shell.environment["USERPROFILE"] + path[1:]
    return context.shell.machine.full(path, context.shell.folder)


def context_expandstring(context, text):
    return context.shell.expand(text)


def file_read(stream, buffer, offset, count):
    return stream.read(buffer, offset, count)


def file_write(stream, data, offset, count):
    stream.file.write(bytes(data[offset:offset + count]))
    return VOID


def file_seek(stream, offset, origin):
    if origin != "Begin":
        raise Refused("PowerShell: Seek from " + origin)
    stream.file.seek(offset)
    return offset


def file_close(stream):
    stream.file.close()
    return VOID


def output_writeline(stream, text=""):
    from powershell import text_of
    stream.process.write(stream.name, text_of(text) + "\r\n")
    return VOID


def output_write(stream, data, offset=None, count=None):
    if offset is None:
        stream.process.write(stream.name, str(data))
    else:
        stream.process.write_bytes(stream.name, bytes(data[offset:offset + count]))
    return VOID


def output_flush(stream):
    return VOID


def string_replace(text, old, new):
    return text.replace(old, new)


def string_endswith(text, end):
    return text.endswith(end)


def string_startswith(text, start):
    return text.startswith(start)


def string_trim(text):
    return text.strip()


def string_toupper(text):
    return text.upper()


def zip_dispose(archive):
    archive.close()
    return VOID


# -- the task scheduler
def service_connect(service):
    service.connected = True
    return VOID


def service_newtask(service, flags):
    if not service.connected or flags != 0:
        raise OSError("NewTask: not connected")
    return Task()


def service_getfolder(service, path):
    if not service.connected or path != "\\":
        raise OSError("GetFolder: not connected, or no such folder")
    return TaskFolder(service)


def actions_create(actions, kind):
    if kind != 0:
        raise Refused("PowerShell: task action of kind %s" % kind)
    actions.task.actions.append(TaskPart())
    return actions.task.actions[-1]


def folder_registertaskdefinition(folder, name, task, flags, user, password, logon, sddl=None):
    machine = folder.service.shell.machine
    if flags != 6:
        raise OSError("RegisterTaskDefinition: flags")
    service_account = user.upper() in ("SYSTEM", "NETWORK SERVICE", "LOCAL SERVICE",
                                       "NT AUTHORITY\\SYSTEM")
    if service_account:
        if logon != 5 or password:
            raise OSError("a service account has logon type 5 and no password")
    elif logon != 1 or machine.users.get(user.rpartition("\\")[2].lower()) != password:
        raise OSError("The user name or password is incorrect. (Exception from HRESULT: 0x8007052E)")
    if len(task.actions) != 1 or task.definition.get("principal", {}).get("runlevel") != 1:
        raise OSError("task without one action and highest privileges")
    task.user = user
    machine.tasks[name] = task
    return task


def folder_gettask(folder, name):
    tasks = folder.service.shell.machine.tasks
    if name not in tasks:
        raise OSError("The system cannot find the file specified.")
    return tasks[name]


def folder_deletetask(folder, name, flags):
    del folder.service.shell.machine.tasks[name]
    return VOID


def task_run(task, parameters):
    import commands
    action = task.actions[0]
    task.process = commands.start_task(task, action["path"], action["arguments"])
    return task
