package rtevent

// Coverage says how the Listeners of a host were seen, and what could not be seen.
type Coverage struct {
	// Tier is the way in use: "bpf", "sock_diag+proc", "proc"...
	Tier string `json:"tier"`

	// Why says what chose this tier over the better ones: "few descriptors: walking is cheaper".
	Why string `json:"why,omitempty"`

	Namespaces int   `json:"namespaces,omitempty"` // network namespaces that were read
	TookMS     int64 `json:"took_ms"`
	Gaps       []Gap `json:"gaps,omitempty"`
}

// Gap is something that could not be seen.
type Gap struct {
	What   string `json:"what"`             // "owners of 12 listeners"
	Why    string `json:"why"`              // "permission denied"
	Remedy string `json:"remedy,omitempty"` // "run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
}
