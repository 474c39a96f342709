# The targets that CI runs (.ci/run). They need Go, g++ and git.
program = inbeeld
lint_version = v2.15.0
cache = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/inbeeld-ci
golangci = $(cache)/golangci-lint-$(lint_version)-$(shell go env GOVERSION)

.PHONY: build test check lint format validate race bench fuzz

build:
	go build -o $(program) ./pipeline/cmd/inbeeld

# INBEELD_TEST=full runs the whole of the slow tests, and fails where a program is missing.
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

# Built aside: an interrupted build leaves nothing that looks finished.
$(golangci):
	GOBIN=$@.new go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(lint_version)
	mv $@.new $@

validate: build
	$(abspath $(program)) validate
	$(abspath $(program)) test

# Left out: child processes, comparisons with other programs, and repetitions of what other tests run.
race:
	go test -race -count=1 -timeout 20m -skip '^(TestKilled|TestCrashWindows|TestInterrupted|TestObstacles|TestDiskFull|TestCasesSeeMutants|TestHistory$$|TestAsThePastWas|TestLoadRandom|TestLoadLarge|TestNoBSN|TestLeak|TestSmallFiles|TestTruth|TestLargeFiles|TestStrayQuotes|TestMemory|TestScripts|TestReadme|TestBrowser|TestSimulatedMonth|TestServe|TestSoak|TestRewrite|TestPublished|TestApproveKilled|TestChecksOfTheDemo|TestProbeDemo|TestWindowsAgainstEveryMinute)' ./...

bench:
	go test -run '^$$' -bench . ./...

# Two targets at a time.
fuzz:
	grep -rno --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | sed 's/:[0-9]*:func / /' | xargs -P 2 -L 1 bash .ci/fuzz
