all:
	CGO_ENABLED=0 go build -o coldwatch ./cmd/coldwatch
