package config

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/crossframe/crossframe/broker/source"
)

// OpsAddress returns where the listener for operators is reached from this machine, given the configuration file, if any, and
// the flag. It reads nothing else of the file, so that a mistake elsewhere does not make a broker ill that runs.
func OpsAddress(file string, flag *string) (string, error) {
	address := defaults().OpsListen
	if file != "" {
		root, err := source.Open(file)
		if err != nil {
			return "", err
		}
		if value, there := root.At("opsListen"); there {
			address = value.Text()
		}
	}
	if flag != nil {
		address = *flag
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", &source.Error{File: "opsListen", Message: strconv.Quote(address) + " is no address that somebody listens on", Fix: "set opsListen, for instance to " + strconv.Quote(defaults().OpsListen)}
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
