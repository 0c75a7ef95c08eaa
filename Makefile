# make         build ./coldwatch
# make test    install what the tests need and run them all
# make check   format, vet, staticcheck, known vulnerabilities, the house rules
# make fuzz    run every fuzz target for FUZZTIME (default 1m)
# make bench   run every benchmark
# make release static binaries with checksums and SBOM in dist/

export CGO_ENABLED = 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS = -s -w -X github.com/coldwatch/coldwatch.Version=$(VERSION)
FUZZTIME ?= 1m
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@latest
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@latest
PLATFORMS = linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

.PHONY: all test test-tools race check fuzz bench release clean
all:
	go build -trimpath -ldflags '$(LDFLAGS)' -o coldwatch ./cmd/coldwatch

test: test-tools
	go vet ./...
	go test ./...
	@cd console/account/provider && if go mod download >/dev/null 2>&1; then go test ./...; \
	else echo "NOTE: the modules of an OpenID provider cannot be fetched. The test of signing in with a real one is skipped."; fi

# What tests speak to that is not ours: a browser, the second store, mail servers, engines of detection rules. Elsewhere than on
# Debian as root nothing is installed, and said so; a test without its peer is skipped and says so too (go test -v).
test-tools:
	@missing=; need() { command -v "$$1" >/dev/null 2>&1 || ls $$2 >/dev/null 2>&1 || missing="$$missing $$3"; }; \
	need chromium /usr/bin/google-chrome chromium; need initdb '/usr/lib/postgresql/*/bin/initdb' postgresql; \
	need postfix /usr/sbin/postfix postfix; need dovecot /usr/sbin/dovecot dovecot-imapd; need rspamd /usr/bin/rspamd rspamd; need yara /usr/bin/yara yara; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "NOTE: not here, and no way to install them:$$missing. The tests that need them are skipped."; exit 0; fi; \
	apt-get update -qq || true; \
	for p in $$missing; do \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$p >/dev/null || \
			echo "NOTE: $$p could not be installed. The tests that need it are skipped."; \
	done

race:
	CGO_ENABLED=1 go test -race ./...

check:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...
	@go run $(GOVULNCHECK) ./... > .govulncheck.out 2>&1; code=$$?; \
	if grep -qE 'no such host|connection refused|dial tcp|fetching vulnerabilities|status code|Forbidden' .govulncheck.out; then \
		echo "NOTE: the vulnerability database cannot be reached: govulncheck did not run"; code=0; \
	else cat .govulncheck.out; fi; rm -f .govulncheck.out; exit $$code
	go test -run TestHouse .

fuzz:
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "== $$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench:
	go test -run '^$$' -bench . -benchmem ./...

release:
	rm -rf dist && mkdir -p dist
	@set -e; for p in $(PLATFORMS); do os=$${p%/*}; arch=$${p#*/}; ext=; [ $$os = windows ] && ext=.exe; \
		echo "building $$p"; \
		GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags '$(LDFLAGS)' -o dist/coldwatch-$$os-$$arch$$ext ./cmd/coldwatch; done
	cp docs/coldwatch.service dist/
	go run ./cmd/coldwatch man > dist/coldwatch.1
	go run ./cmd/sbom > dist/coldwatch.spdx.json
	cd dist && sha256sum * > SHA256SUMS
	@host=$$(go env GOHOSTOS)-$$(go env GOHOSTARCH); if [ -x dist/coldwatch-$$host ]; then \
		dist/coldwatch-$$host version && dir=$$(mktemp -d) && dist/coldwatch-$$host demo --quiet --dir $$dir/demo >/dev/null && rm -rf $$dir && echo "smoke test of coldwatch-$$host passed"; fi

clean:
	rm -rf dist coldwatch coldwatch-demo
