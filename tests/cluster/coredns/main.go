// The DNS server of a cluster's node: CoreDNS with the plugins that are needed there. Its own main package brings all of them, and building
// those takes minutes. The kubernetes plugin is not among them: this version, the newest that asks for no newer modules than Kubernetes
// does (so that each is built once), does not compile with Kubernetes 1.34's client.
package main

import (
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/ready"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
)

func main() {
	dnsserver.Directives = []string{"bind", "errors", "ready", "hosts"}
	coremain.Run()
}
