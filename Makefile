# The targets of a developer and of CI (.ci/run). They need Go, g++ and git.
program = inbeeld
lint_version = v2.15.0
cache = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/inbeeld-ci
golangci = $(cache)/golangci-lint-$(lint_version)-$(shell go env GOVERSION)

.PHONY: build test check lint format validate race bench fuzz

build:
	go build -o $(program) ./pipeline/cmd/inbeeld

# With INBEELD_TEST=full slow tests run in full, and a missing program fails them.
test:
	go test ./...

check: lint validate test

lint: $(golangci)
	$(golangci)/golangci-lint fmt --diff
	go mod tidy -diff
	go vet ./...
	$(golangci)/golangci-lint run --allow-parallel-runners

format: $(golangci)
	$(golangci)/golangci-lint fmt

# Built in another folder first: an interrupted build leaves nothing that looks finished.
$(golangci):
	GOBIN=$@.new go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(lint_version)
	mv $@.new $@

validate: build
	$(abspath $(program)) validate
	$(abspath $(program)) test

# It skips child processes, comparisons with other programs, and repetitions of other tests.
race:
	go test -race -count=1 -timeout 20m -skip '^(TestKilled|TestCrashWindows|TestInterrupted|TestObstacles|TestDiskFull|TestCasesSeeMutants|TestHistory$$|TestAsThePastWas|TestLoadRandom|TestLoadLarge|TestNoBSN|TestLeak|TestSmallFiles|TestTruth|TestLargeFiles|TestStrayQuotes|TestMemory|TestScripts|TestReadme|TestBrowser|TestSimulatedMonth|TestServe|TestSoak|TestRewrite|TestPublished|TestApproveKilled|TestChecksOfTheDemo|TestProbeDemo|TestWindowsAgainstEveryMinute)' ./...

bench:
	go test -run '^$$' -bench . ./...

# Two targets at a time.
fuzz:
	grep -rno --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | sed 's/:[0-9]*:func / /' | xargs -P 2 -L 1 bash .ci/fuzz
