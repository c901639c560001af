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

	// Events says of a live observer by what each kind of change is told: "bpf" as it happens, "destroy group" as it
	// happens but without the process, "every 250 ms" by listing, "no" not at all. The keys are tcp_opened, tcp_closed,
	// tcp_failed, udp_opened, udp_closed, udp_kernel_port (a UDP port that the kernel chose), holders, hidden,
	// other_namespaces.
	Events map[string]string `json:"events,omitempty"`

	// Dropped is how many changes a live observer knows to have missed since it started. Each is made good by looking,
	// as far as that is possible.
	Dropped uint64 `json:"dropped,omitempty"`
}

// Gap is something that could not be seen.
type Gap struct {
	What   string `json:"what"`             // "owners of 12 listeners"
	Why    string `json:"why"`              // "permission denied"
	Remedy string `json:"remedy,omitempty"` // "run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
}
