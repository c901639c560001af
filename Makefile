# make test is what CI runs; make check is its quick half. Nothing else is needed than Go; as root on Debian 12, `make test`
# and `make bench` install the daemons and tools that they hold rtevent against.
GO          ?= go
FUZZTIME    ?= 20000x
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
PLATFORMS   := linux/amd64 linux/arm64 darwin/arm64 windows/amd64
export CGO_ENABLED = 0

.PHONY: build check test fuzz faults cross generate bench calibrate testbed

build: # the command, as ./rtevent
	$(GO) build -trimpath -o rtevent ./cmd/rtevent

check: # formatting, vet, staticcheck, and every test that needs no daemon
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) test $$($(GO) list ./... | grep -v /testbed$$)

test: check cross fuzz # everything: also the real daemons, installed first when this is root on Debian
	@INSTALL_ONLY=1 ONLY="core slapd rsync" MORE="e2fsprogs nmap ndiff libxml2-utils nftables tshark python3 python3-firewall ufw prometheus systemd netcat-openbsd curl tmux chromium $$(command -v npm >/dev/null || echo npm)" testbed/up; case $$? in \
	0) echo "TESTBED=required $(GO) test ./internal/cli ./internal/page ./testbed ./examples ./packaging"; TESTBED=required $(GO) test -count=1 -timeout=15m -v ./internal/cli ./internal/page ./testbed ./examples ./packaging ;; \
	3) echo "The tests with real daemons are left out, for the reason above."; $(GO) test -count=1 ./testbed ;; \
	*) exit 1 ;; esac

# Counted in runs, not in seconds: a fuzzer that its clock stops reports that as a failure now and then.
fuzz: # every fuzz target for FUZZTIME, which is 20000 runs or "10m"
	@grep -rEo '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | sort | sed 's#/[^/]*:func # #' | while read -r package target; do \
		echo "$(GO) test -fuzz=$$target $$package"; \
		$(GO) test -run=NONE -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=1x $$package || exit 1; done

faults: # the journal under kill -9 (100), power cuts (20), flipped bits (120): as root, for half an hour
	FAULTS=all $(GO) test -count=1 -timeout=60m -v -run 'Kill|Power|Full|NoSpace|Flipped|Truncated|Gone|Cluster|External' ./internal/journal

cross: # every platform builds from the first day
	@for p in $(PLATFORMS); do echo "build $$p"; GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build ./... || exit 1; done

generate: # makes the embedded data again and says whether it came out the same
	$(GO) generate ./...
	git diff --exit-code -- internal

bench: # the promised figures beside those of ss, lsof and nmap (NMAP_SV=1: also nmap -sV, for minutes)
	INSTALL_ONLY=1 ONLY="openssh nginx redis postgresql" MORE="lsof nmap nftables wrk bpftrace chromium" testbed/up
	$(GO) run ./bench

calibrate: # what "strong" is worth: precision and recall over recorded servers and look-alikes, and who is taken for whom
	$(GO) run ./calibrate

testbed: # all 64 daemons, on ports from 20001; stop them with testbed/down
	testbed/up
