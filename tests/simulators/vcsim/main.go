// A vCenter server for the tests: the simulator of govmomi behind a handler of our own, which checks
// every request against the official description, adds what the simulator lacks, injects faults and
// keeps a journal. See README.md.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io/ioutil"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

type options struct {
	listen      string
	description string
	user        string
	password    string
	guestIP     string
	guestDelay  time.Duration
	datacenters int
	certificate string
	plain       bool
	withoutDRS  bool
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on")
	flag.StringVar(&o.description, "description", "", "folder of vim25.json and rest.json")
	flag.StringVar(&o.user, "user", "tester@vsphere.local", "the one user")
	flag.StringVar(&o.password, "password", "secret", "password of the user")
	flag.StringVar(&o.guestIP, "guest-ip", "127.0.0.1", "address that running guests report")
	flag.DurationVar(&o.guestDelay, "guest-delay", 0, "time from power on to the address")
	flag.IntVar(&o.datacenters, "datacenters", 1, "number of datacenters")
	flag.StringVar(&o.certificate, "certificate", "", "file the server's certificate is written to")
	flag.BoolVar(&o.plain, "plain", false, "HTTP instead of HTTPS")
	flag.BoolVar(&o.withoutDRS, "without-drs", false,
		"clusters leave the choice of the host to the caller; all hosts but the second are full")
	flag.Parse()
	return o
}

// A certificate for this host, made anew for every run.
func makeCertificate(file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	shape := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "vcsim"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.ParseIP("127.0.0.1")},
		DNSNames:     []string{"localhost"},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &shape, &shape, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if file != "" {
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := ioutil.WriteFile(file, block, 0644); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("vcsim: ")
	o := parseOptions()
	model := simulator.VPX()
	model.Datacenter = o.datacenters
	model.Datastore = 2
	model.Pool = 1
	model.Pod = 1
	model.Machine = 1
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()
	model.Service.RegisterEndpoints = true
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(o.user, o.password)}
	inner := model.Service.NewServer() // for its own clients; tests speak to the handler below
	defer inner.Close()
	ownUser = url.UserPassword(o.user, o.password)
	if err := prepareInventory(); err != nil {
		log.Fatal(err)
	}

	if o.withoutDRS {
		switchOffDRS()
	}
	description, err := loadDescription(o.description)
	if err != nil {
		log.Fatal(err)
	}
	front := newFront(o, description, model.Service.ServeMux)
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		log.Fatal(err)
	}
	scheme := "https"
	if o.plain {
		scheme = "http"
	} else {
		certificate, err := makeCertificate(o.certificate)
		if err != nil {
			log.Fatal(err)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	address := listener.Addr().(*net.TCPAddr)
	simulator.Map.SessionManager().ServiceHostName = fmt.Sprintf("127.0.0.1:%d", address.Port)
	ready, _ := json.Marshal(map[string]interface{}{
		"url": fmt.Sprintf("%s://127.0.0.1:%d", scheme, address.Port), "port": address.Port})
	fmt.Println(string(ready))
	os.Stdout.Close()
	server := http.Server{Handler: front, ErrorLog: log.New(ioutil.Discard, "", 0)}
	go func() { // ends with whoever started it
		ioutil.ReadAll(os.Stdin)
		model.Remove()
		os.Exit(0)
	}()
	log.Fatal(server.Serve(listener))
}
