package main

import (
	"net"
	"syscall"
)

// storm listens and closes as fast as it can: on an address of its own, so many times.
func storm(address string, count int) error {
	where := &syscall.SockaddrInet4{Addr: [4]byte(net.ParseIP(address).To4())}
	for range count {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := syscall.Bind(fd, where); err != nil {
			return err
		}
		if err := syscall.Listen(fd, 1); err != nil {
			return err
		}
		if err := syscall.Close(fd); err != nil {
			return err
		}
	}
	return nil
}
