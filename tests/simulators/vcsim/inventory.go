package main

import (
	"context"
	"log"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/library"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25/types"
	"net/url"
)

// The datastore cluster gets the second datastore of the first datacenter, with storage DRS on.
func prepareInventory() error {
	var pod *simulator.StoragePod
	for _, e := range simulator.Map.All("StoragePod") {
		if pod == nil {
			pod = e.(*simulator.StoragePod)
		}
	}
	if pod == nil {
		return nil
	}
	for _, e := range simulator.Map.All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		if vm.Name == "DC0_H0_VM0" { // what clones can set, and what they cannot
			yes, no := true, false
			vm.Config.VAppConfig = &types.VmConfigInfo{Property: []types.VAppPropertyInfo{
				{Key: 3, Id: "hostname", Type: "string", UserConfigurable: &yes},
				{Key: 4, Id: "serial", Type: "string", UserConfigurable: &no}}}
		}
	}
	pod.PodStorageDrsEntry = new(types.PodStorageDrsEntry)
	pod.PodStorageDrsEntry.StorageDrsConfig.PodConfig.Enabled = true
	return withClient(func(ctx context.Context, c *govmomi.Client) error {
		finder := find.NewFinder(c.Client, false)
		dc, err := finder.Datacenter(ctx, "/DC0")
		if err != nil {
			return err
		}
		finder.SetDatacenter(dc)
		store, err := finder.Datastore(ctx, "LocalDS_1")
		if err != nil {
			return err
		}
		task, err := object.NewFolder(c.Client, pod.Self).MoveInto(ctx,
			[]types.ManagedObjectReference{store.Reference()})
		if err != nil {
			return err
		}
		return task.Wait(ctx)
	})
}

// Clusters without DRS, whose second host has most memory free.
func switchOffDRS() {
	for _, e := range simulator.Map.All("ClusterComputeResource") {
		cluster := e.(*simulator.ClusterComputeResource)
		no := false
		cluster.ConfigurationEx.(*types.ClusterConfigInfoEx).DrsConfig.Enabled = &no
		for i, reference := range cluster.Host {
			host := simulator.Map.Get(reference).(*simulator.HostSystem)
			host.Summary.QuickStats.OverallMemoryUsage = int32(host.Summary.Hardware.MemorySize >> 20)
			if i == 1 {
				host.Summary.QuickStats.OverallMemoryUsage = 100
			}
		}
	}
}

// The address of the simulator's own listener.
func ownAddress() *url.URL {
	for _, option := range simulator.Map.OptionManager().Setting {
		value := option.GetOptionValue()
		if value.Key == "vcsim.server.url" {
			address, _ := url.Parse(value.Value.(string))
			address.User = ownUser
			return address
		}
	}
	return nil
}

var ownUser *url.Userinfo

func withClient(f func(context.Context, *govmomi.Client) error) error {
	ctx := context.Background()
	c, err := govmomi.NewClient(ctx, ownAddress(), true)
	if err != nil {
		return err
	}
	defer c.Logout(ctx)
	return f(ctx, c)
}

// A local content library on the first datastore.
func makeLibrary(name string, o options) interface{} {
	id := ""
	err := withClient(func(ctx context.Context, c *govmomi.Client) error {
		r := rest.NewClient(c.Client)
		if err := r.Login(ctx, url.UserPassword(o.user, o.password)); err != nil {
			return err
		}
		defer r.Logout(ctx)
		finder := find.NewFinder(c.Client, false)
		store, err := finder.Datastore(ctx, "/DC0/datastore/LocalDS_0")
		if err != nil {
			return err
		}
		id, err = library.NewManager(r).CreateLibrary(ctx, library.Library{Name: name, Type: "LOCAL",
			Storage: []library.StorageBackings{{DatastoreID: store.Reference().Value, Type: "DATASTORE"}}})
		return err
	})
	if err != nil {
		log.Print(err)
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{"id": id}
}
