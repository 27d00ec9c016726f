package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const diskBytes = 300 << 10 // of every exported disk

// Guests turn themselves off when F12 is typed: what an installer does at its end.
const keyF12 = 0x45<<16 | 7

// limited stops reading after n bytes.
type limited struct {
	from io.Reader
	n    int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.n <= 0 {
		return 0, io.EOF
	}
	if len(p) > l.n {
		p = p[:l.n]
	}
	n, err := l.from.Read(p)
	l.n -= n
	return n, err
}

// What the simulator of govmomi 0.24 does not have.
type extras struct {
	options options
	mutex   sync.Mutex
	keys    map[string][]string // machine -> keys typed
	leases  map[string]*exportLease
	serial  int32
}

func newExtras(o options) *extras {
	return &extras{options: o, keys: map[string][]string{}, leases: map[string]*exportLease{}}
}

// An export lease: ready a moment after it was asked for, gone when completed or aborted.
type exportLease struct {
	mo.HttpNfcLease
	owner    *extras
	reported int32
	ended    string
}

func (l *exportLease) HttpNfcLeaseProgress(req *types.HttpNfcLeaseProgress) soap.HasFault {
	atomic.StoreInt32(&l.reported, req.Percent)
	return &methods.HttpNfcLeaseProgressBody{Res: new(types.HttpNfcLeaseProgressResponse)}
}

func (l *exportLease) HttpNfcLeaseComplete(req *types.HttpNfcLeaseComplete) soap.HasFault {
	l.end("completed")
	return &methods.HttpNfcLeaseCompleteBody{Res: new(types.HttpNfcLeaseCompleteResponse)}
}

func (l *exportLease) HttpNfcLeaseAbort(req *types.HttpNfcLeaseAbort) soap.HasFault {
	l.end("aborted")
	return &methods.HttpNfcLeaseAbortBody{Res: new(types.HttpNfcLeaseAbortResponse)}
}

func (l *exportLease) end(how string) {
	l.owner.mutex.Lock()
	l.ended = how
	l.owner.mutex.Unlock()
}

func machineOf(call *element) *simulator.VirtualMachine {
	ref := types.ManagedObjectReference{Type: call.children[0].mark, Value: call.at("_this")}
	vm, _ := simulator.Map.Get(ref).(*simulator.VirtualMachine)
	return vm
}

// Whether the call was one of ours.
func (x *extras) serve(w http.ResponseWriter, r *http.Request, call *element) bool {
	switch call.name {
	case "PutUsbScanCodes", "ExportVm":
	case "CreateDescriptor":
		x.createDescriptor(w, call)
		return true
	default:
		return false
	}
	if sessionOf(r) == "" {
		writeFault(w, "ServerFaultCode", "NotAuthenticated", "",
			`<object type="VirtualMachine">`+call.at("_this")+`</object><privilegeId>System.View</privilegeId>`)
		return true
	}
	vm := machineOf(call)
	if vm == nil {
		writeFault(w, "ServerFaultCode", "ManagedObjectNotFound", "no such machine", "")
		return true
	}
	if call.name == "ExportVm" {
		x.export(w, vm)
	} else {
		x.putKeys(w, vm, call.child("spec").all("keyEvents"))
	}
	return true
}

func powerFault(w http.ResponseWriter, is, wanted types.VirtualMachinePowerState) {
	writeFault(w, "ServerFaultCode", "InvalidPowerState", "",
		fmt.Sprintf("<requestedState>%s</requestedState><existingState>%s</existingState>", wanted, is))
}

func (x *extras) putKeys(w http.ResponseWriter, vm *simulator.VirtualMachine, events []*element) {
	if state := vm.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOn {
		powerFault(w, state, types.VirtualMachinePowerStatePoweredOn)
		return
	}
	x.mutex.Lock()
	defer x.mutex.Unlock()
	for _, e := range events {
		key := e.at("usbHidCode")
		for _, flag := range e.child("modifiers").orEmpty().children {
			if flag.text == "true" {
				key += "+" + flag.name
			}
		}
		x.keys[vm.Self.Value] = append(x.keys[vm.Self.Value], key)
		if key == fmt.Sprint(keyF12) {
			time.AfterFunc(100*time.Millisecond, func() { turnOff(vm) })
		}
	}
	writeAnswer(w, "PutUsbScanCodes", fmt.Sprintf("<returnval>%d</returnval>", len(events)))
}

func turnOff(vm *simulator.VirtualMachine) {
	simulator.Map.WithLock(vm, func() {
		vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
		vm.Summary.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
		simulator.Map.Update(vm, []types.PropertyChange{
			{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff},
			{Name: "summary.runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff}})
	})
}

func (e *element) orEmpty() *element {
	if e == nil {
		return &element{}
	}
	return e
}

func (x *extras) export(w http.ResponseWriter, vm *simulator.VirtualMachine) {
	if state := vm.Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		powerFault(w, state, types.VirtualMachinePowerStatePoweredOff)
		return
	}
	lease := &exportLease{owner: x}
	lease.State = types.HttpNfcLeaseStateInitializing
	id := fmt.Sprintf("farm-lease-%d", atomic.AddInt32(&x.serial, 1))
	lease.Self = types.ManagedObjectReference{Type: "HttpNfcLease", Value: id}
	info := &types.HttpNfcLeaseInfo{Lease: lease.Self, Entity: vm.Self, LeaseTimeout: 300}
	disks := 0
	for _, device := range vm.Config.Hardware.Device {
		disk, ok := device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		name := fmt.Sprintf("disk-%d.vmdk", disks)
		disks++
		info.TotalDiskCapacityInKB += disk.CapacityInKB
		yes := true
		info.DeviceUrl = append(info.DeviceUrl, types.HttpNfcLeaseDeviceUrl{
			Key: fmt.Sprintf("/%s/VirtualDisk:%d", vm.Self.Value, disk.Key), ImportKey: "",
			Url: fmt.Sprintf("https://*/farm/nfc/%s/%s", id, name), TargetId: name, Disk: &yes,
			FileSize: diskBytes})
	}
	no := false
	info.DeviceUrl = append(info.DeviceUrl, types.HttpNfcLeaseDeviceUrl{
		Key: "/" + vm.Self.Value + "/nvram", Url: fmt.Sprintf("https://*/farm/nfc/%s/machine.nvram", id),
		TargetId: "machine.nvram", Disk: &no, FileSize: diskBytes})
	lease.Info = info
	simulator.Map.Put(lease)
	x.mutex.Lock()
	x.leases[id] = lease
	x.mutex.Unlock()
	time.AfterFunc(30*time.Millisecond, func() {
		simulator.Map.Update(lease, []types.PropertyChange{
			{Name: "state", Val: types.HttpNfcLeaseStateReady},
		})
	})
	writeAnswer(w, "ExportVm", `<returnval type="HttpNfcLease">`+id+`</returnval>`)
}

// The bytes of an exported disk: the same for the same name.
func (x *extras) serveDisk(w http.ResponseWriter, r *http.Request) int {
	parts := strings.Split(r.URL.Path, "/")
	x.mutex.Lock()
	lease := x.leases[parts[len(parts)-2]]
	gone := lease == nil || lease.ended != ""
	x.mutex.Unlock()
	if gone || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
		return http.StatusNotFound
	}
	block := []byte(strings.Repeat(parts[len(parts)-1]+"\n", 64))
	w.Header().Set("Content-Length", fmt.Sprint(diskBytes))
	for sent := 0; sent < diskBytes; {
		n := len(block)
		if n > diskBytes-sent {
			n = diskBytes - sent
		}
		w.Write(block[:n])
		sent += n
	}
	return http.StatusOK
}

func (x *extras) createDescriptor(w http.ResponseWriter, call *element) {
	var text strings.Builder
	text.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><References>`)
	for i, file := range call.child("cdp").all("ovfFiles") {
		fmt.Fprintf(&text, `<File ovf:href="%s" ovf:id="file%d" ovf:size="%s"/>`,
			file.at("path"), i+1, file.at("size"))
	}
	fmt.Fprintf(&text, `</References><VirtualSystem ovf:id="%s"><Info>A virtual machine</Info></VirtualSystem></Envelope>`,
		call.at("cdp", "name"))
	writeAnswer(w, "CreateDescriptor", "<returnval><ovfDescriptor>"+escape(text.String())+
		"</ovfDescriptor><includeImageFiles>false</includeImageFiles></returnval>")
}

// The simulator looks for files of the name a machine is to have, not of the one it had.
func (x *extras) before(call *element) {
	if call.name != "RegisterVM_Task" || call.at("name") == "" {
		return
	}
	parts := strings.SplitN(strings.TrimPrefix(call.at("path"), "["), "] ", 2)
	for _, e := range simulator.Map.All("Datastore") {
		store := e.(*simulator.Datastore)
		if len(parts) != 2 || store.Name != parts[0] {
			continue
		}
		folder := filepath.Dir(filepath.Join(store.Info.GetDatastoreInfo().Url, parts[1]))
		if file, err := os.OpenFile(filepath.Join(folder, call.at("name")+".nvram"),
			os.O_CREATE|os.O_WRONLY, 0600); err == nil {
			file.Close()
		}
	}
}

// Guests report an address some time after they were turned on, and none when they are off.
func (x *extras) after(call *element, status int) {
	if status != http.StatusOK {
		return
	}
	vm := machineOf(call)
	if vm == nil {
		return
	}
	switch call.name {
	case "PowerOnVM_Task":
		time.AfterFunc(x.options.guestDelay, func() {
			if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
				return
			}
			simulator.Map.Update(vm, []types.PropertyChange{{Name: "guest.net", Val: []types.GuestNicInfo{
				{Network: "VM Network", IpAddress: []string{"fe80::1", x.options.guestIP}, Connected: true,
					MacAddress: "00:50:56:00:00:01", DeviceConfigId: 4000}}}})
		})
	case "MarkAsTemplate", "MarkAsVirtualMachine":
		simulator.Map.Update(vm, []types.PropertyChange{
			{Name: "config.template", Val: call.name == "MarkAsTemplate"}})
	}
}

type machineState struct {
	Path      string            `json:"path"`
	ID        string            `json:"id"`
	Power     string            `json:"power"`
	Template  bool              `json:"template"`
	Devices   []string          `json:"devices"`
	Extra     map[string]string `json:"extra"`
	Snapshots []string          `json:"snapshots"`
	Keys      []string          `json:"keys"`
	CPUs      int32             `json:"cpus"`
	Memory    int32             `json:"memory"`
	Notes     string            `json:"notes"`
}

func pathOf(e mo.Entity) string {
	path := ""
	for {
		me := e.Entity()
		if me.Parent == nil {
			return path
		}
		path = "/" + me.Name + path
		e = simulator.Map.Get(*me.Parent).(mo.Entity)
	}
}

func (x *extras) state() map[string]interface{} {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	machines := []machineState{}
	for _, e := range simulator.Map.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		m := machineState{Path: pathOf(vm), ID: vm.Self.Value, Power: string(vm.Runtime.PowerState),
			Template: vm.Config.Template, Extra: map[string]string{}, Keys: x.keys[vm.Self.Value],
			CPUs: vm.Config.Hardware.NumCPU, Memory: vm.Config.Hardware.MemoryMB,
			Notes: vm.Config.Annotation}
		for _, device := range vm.Config.Hardware.Device {
			m.Devices = append(m.Devices, strings.TrimPrefix(fmt.Sprintf("%T", device), "*types."))
		}
		for _, option := range vm.Config.ExtraConfig {
			value := option.GetOptionValue()
			m.Extra[value.Key] = fmt.Sprint(value.Value)
		}
		if vm.Snapshot != nil {
			for _, s := range vm.Snapshot.RootSnapshotList {
				m.Snapshots = append(m.Snapshots, s.Name)
			}
		}
		machines = append(machines, m)
	}
	sort.Slice(machines, func(i, j int) bool { return machines[i].Path < machines[j].Path })
	leases := map[string]string{}
	for id, lease := range x.leases {
		leases[id] = lease.ended
	}
	return map[string]interface{}{"machines": machines, "files": datastoreFiles(), "leases": leases}
}

// "[datastore] path" of every file.
func datastoreFiles() []string {
	files := []string{}
	for _, e := range simulator.Map.All("Datastore") {
		store := e.(*simulator.Datastore)
		root := store.Info.GetDatastoreInfo().Url
		filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() {
				files = append(files, "["+store.Name+"] "+strings.TrimPrefix(path, root+"/"))
			}
			return nil
		})
	}
	sort.Strings(files)
	return files
}
