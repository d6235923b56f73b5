package config

import (
	"strings"

	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// readLicense reads the key and what it is checked with. Files that are read again later are held to the same rules now: what is
// wrong with them from the start is a mistake in the configuration.
func (l *loader) readLicense() error {
	for _, step := range []func() error{l.readKey, l.readTrustedKeys, l.readRevocations} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) readKey() error {
	switch {
	case l.License.Key != "" && l.License.KeyFile != "":
		return l.fault("license.keyFile", "there is a key already, in license.key", "keep one of them")
	case l.License.KeyFile != "":
		key, err := source.Read(l.License.KeyFile)
		if err != nil {
			return err
		}
		l.License.Key = string(key)
	}
	l.License.Key = strings.TrimSpace(l.License.Key)
	return nil
}

func (l *loader) readTrustedKeys() (err error) {
	if l.License.TrustedKeysFile != "" {
		if l.LicenseKeys, err = licensing.ReadTrustedKeys(l.License.TrustedKeysFile); err != nil {
			return l.fault("license.trustedKeysFile", err.Error(), "write what crossframe license keygen printed")
		}
	}
	switch {
	case l.License.KeySetFile != "" && l.License.RootKeysFile == "":
		return l.fault("license.keySetFile", "there is no root key to check it with", "set license.rootKeysFile too")
	case l.License.KeySetFile == "" && l.License.RootKeysFile != "":
		return l.fault("license.rootKeysFile", "there is no key set for it", "set license.keySetFile too")
	case l.License.RootKeysFile == "":
		return nil
	}
	if l.LicenseRoots, err = licensing.ReadTrustedKeys(l.License.RootKeysFile); err != nil {
		return l.fault("license.rootKeysFile", err.Error(), "write what crossframe license keygen --root printed")
	}
	if _, err = licensing.ReadKeySet(l.License.KeySetFile, l.LicenseRoots); err != nil {
		return l.fault("license.keySetFile", err.Error(), "use the file that crossframe license rotate wrote")
	}
	return nil
}

// readRevocations refuses a list that nobody signed who may. One that is out of date is for the running broker to tell: it may be
// replaced any moment.
func (l *loader) readRevocations() error {
	if l.License.RevocationFile == "" {
		return nil
	}
	trusted := l.LicenseKeys
	if l.License.KeySetFile != "" {
		set, err := licensing.ReadKeySet(l.License.KeySetFile, l.LicenseRoots)
		if err != nil {
			return err
		}
		trusted = append(append([]protocol.TrustedKey(nil), set.Keys...), trusted...)
	}
	if _, err := licensing.ReadRevocations(l.License.RevocationFile, trusted); err != nil {
		return l.fault("license.revocationFile", err.Error(), "use the file that crossframe license revoke wrote")
	}
	return nil
}

// Licensing returns what the broker's checker goes by.
func (l *Loaded) Licensing() licensing.Options {
	o := licensing.Options{
		Key: l.License.Key, KeyFile: l.License.KeyFile, Keys: l.LicenseKeys, Roots: l.LicenseRoots,
		KeySetFile: l.License.KeySetFile, RevocationFile: l.License.RevocationFile, StateFile: l.License.StateFile,
	}
	for _, one := range l.Origins {
		o.Origins = append(o.Origins, one.String())
	}
	return o
}
