package journal

import "golang.org/x/sys/windows"

// syncDir has nothing to do: NTFS keeps its directories itself.
func syncDir(string) error { return nil }

// freeBytes is what a volume still has for this user.
func freeBytes(path string) (int64, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(p, &free, nil, nil); err != nil {
		return 0, err
	}
	return int64(free), nil
}
