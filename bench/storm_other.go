//go:build !linux

package main

import "errors"

func storm(string, int) error { return errors.ErrUnsupported }
