//go:build !linux

package rig

import "syscall"

func attributes() *syscall.SysProcAttr { return nil }
