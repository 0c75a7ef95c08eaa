// Command coldwatch finds phishing campaigns against a supply chain in the mail of its organisations, and warns them.
//
// A file is a subcommand. What they share stands in main.go (flags and errors), open.go (database and pack), text.go (how
// text reaches a terminal) and progress.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/coldwatch/coldwatch"
	"github.com/coldwatch/coldwatch/analysis/dns"
	"github.com/coldwatch/coldwatch/analysis/payload"
	"github.com/coldwatch/coldwatch/analysis/payload/sandbox"
	"github.com/coldwatch/coldwatch/console/token"
	"github.com/coldwatch/coldwatch/message"
)

// cli is the command line. Every flag can also stand in the config file and in COLDWATCH_NAME.
type cli struct {
	Globals

	Scan       scanCmd       `cmd:"" help:"Read mail, find what is hostile, find the campaigns in it."`
	Explain    explainCmd    `cmd:"" help:"Show one message through every room: verdict, findings, campaign."`
	Campaigns  campaignsCmd  `cmd:"" help:"List the campaigns found."`
	Campaign   campaignCmd   `cmd:"" help:"Show one campaign, why its messages belong together, and its history."`
	Report     reportCmd     `cmd:"" help:"Write a campaign's report: HTML, PDF, Markdown, STIX and more; or a reader's pack."`
	Warnings   warningsCmd   `cmd:"" aliases:"warning" help:"List who must be told what; let warnings out, take them back, enter answers."`
	Deliver    deliverCmd    `cmd:"" help:"Send the warnings that may go out: into a folder, by mail, to a webhook or a TAXII collection."`
	Hunt       huntCmd       `cmd:"" help:"Search stored mail for the indicators of a published report."`
	Import     importCmd     `cmd:"" help:"Take indicators and campaigns of others from a STIX 2.1 file, and hunt for them."`
	Serve      serveCmd      `cmd:"" help:"Run the web console, its API, TAXII and the analysis of what comes in."`
	Intake     intakeCmd     `cmd:"" help:"Check the ways in for mail that serve --intake takes."`
	Worker     workerCmd     `cmd:"" help:"Analyse what was received, beside other workers that share the database."`
	Account    accountCmd    `cmd:"" help:"Make, list and change the accounts of people who use the console."`
	Audit      auditCmd      `cmd:"" help:"List what was done, and check that the list is whole."`
	Token      tokenCmd      `cmd:"" help:"Make, list and revoke the tokens that let others in."`
	Taxii      taxiiCmd      `cmd:"" help:"Read from and push to TAXII 2.1 servers."`
	Hub        hubCmd        `cmd:"" help:"Be the hub of a community."`
	Join       joinCmd       `cmd:"" help:"Join a community, by its hub's invitation."`
	Leave      leaveCmd      `cmd:"" help:"Leave the community."`
	Community  communityCmd  `cmd:"" help:"Exchange with the community, and ask it."`
	Sighting   sightingCmd   `cmd:"" help:"Show what would leave this house of a message."`
	Search     searchCmd     `cmd:"" help:"Find stored messages by words and indicators."`
	Say        sayCmd        `cmd:"" help:"Say what you know of messages: linked, not linked, benign."`
	Unsay      unsayCmd      `cmd:"" help:"Take a word back."`
	Words      wordsCmd      `cmd:"" help:"List what analysts said."`
	Init       initCmd       `cmd:"" help:"Say who you are on the chain: writes your own pack on top of the embedded one."`
	Pack       packCmd       `cmd:"" help:"Check and show chain packs."`
	Demo       demoCmd       `cmd:"" help:"Rebuild the public case of 2020 with invented people, and find it."`
	Measure    measureCmd    `cmd:"" help:"Compare what is found on labelled scenarios with the truth."`
	Torture    tortureCmd    `cmd:"" help:"Walk hostile messages and print panics, times and memory."`
	Limits     limitsCmd     `cmd:"" help:"List the limits on what one message may cost."`
	Purge      purgeCmd      `cmd:"" help:"Forget messages by recipient or age."`
	Backup     backupCmd     `cmd:"" help:"Write a consistent copy of the database."`
	Restore    restoreCmd    `cmd:"" help:"Put a copy back in place."`
	DBase      dbCmd         `cmd:"" name:"db" help:"Move a database from SQLite to PostgreSQL or back."`
	Directory  directoryCmd  `cmd:"" help:"Partners: import them, learn their domains from mail."`
	Doctor     doctorCmd     `cmd:"" help:"Check database, raw messages and pack; rebuild from the raw messages."`
	Completion completionCmd `cmd:"" help:"Print a completion script for bash, zsh or fish."`
	Man        manCmd        `cmd:"" help:"Print the manual page."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// Globals are the flags that are alike everywhere.
type Globals struct {
	DB      string            `help:"Database: a file, or postgres://USER@HOST/NAME." default:"coldwatch.db" placeholder:"FILE"`
	PackDir string            `name:"pack" help:"Chain pack to use instead of the embedded vaccine cold chain." placeholder:"DIR"`
	JSON    bool              `help:"Print JSON."`
	Quiet   bool              `short:"q" help:"Print results only: no progress, no advice."`
	Verbose int               `short:"v" type:"counter" help:"Log what happens; twice for everything."`
	Limits  map[string]string `help:"Raise or lower a limit on what one message may cost; coldwatch limits lists them. Repeatable." placeholder:"NAME=VALUE"`
	DNS     string            `help:"Our own checks of SPF, DKIM, DMARC and ARC where no trusted receiver speaks: off, live, FILE of recorded answers, or live:FILE to record them." default:"off" placeholder:"HOW"`
	Trust   []string          `help:"Name (authserv-id) of a receiver of yours whose Authentication-Results count; learnt from each message's trace otherwise. Repeatable." placeholder:"NAME"`
	Config  string            `help:"Config file (YAML, flag names as keys)." placeholder:"FILE" type:"path"`

	Profile string `help:"Write a CPU profile." hidden:"" placeholder:"FILE"`

	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // stderr is a terminal

	weights string // file of weights to use from now on, "shipped" for those of the program

	resolver dns.Resolver // nil: nothing is asked

	message message.Limits // as --limit sets them
	payload payload.Limits
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with everything given, for tests. It returns the exit code: 0 fine, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == sandboxChild {
		return sandbox.Main(stdin, stdout)
	}
	var c cli
	c.stdin, c.stdout, c.stderr = stdin, stdout, stderr
	if f, ok := stderr.(*os.File); ok {
		c.terminal = isTerminal(f)
	}
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("coldwatch"),
		kong.Description("Finds phishing campaigns against the vaccine cold chain and warns the organisations on it.\n\n"+
			"Start with: coldwatch demo, or coldwatch scan FOLDER"),
		kong.Vars{"formats": formatNames(), "scopes": strings.Join(token.Scopes(), ", "), "words": strings.Join(coldwatch.WordNames(), ",")}, kong.Writers(stdout, stderr), kong.DefaultEnvars("COLDWATCH"),
		kong.Exit(func(code int) { exited = code }),
		kong.Resolvers(configFile(args)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return complain(stderr, err)
	}
	k, err := parser.Parse(idFirst(args))
	if exited >= 0 {
		return exited
	}
	if err == nil {
		err = c.setLimits()
	}
	if err == nil {
		var done func() error
		if done, err = c.setDNS(); err == nil {
			defer done()
		}
	}
	if err != nil {
		return usage(stderr, parser, err)
	}
	level := slog.LevelWarn
	if c.Verbose == 1 {
		level = slog.LevelInfo
	} else if c.Verbose > 1 {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})))
	k.Bind(&c.Globals, parser)
	if c.Profile != "" {
		f, err := os.Create(c.Profile)
		if err == nil {
			defer f.Close()
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			return complain(stderr, err)
		}
		defer pprof.StopCPUProfile()
	}
	if err := k.Run(); err != nil {
		return complain(stderr, err)
	}
	return 0
}

// sandboxChild is the one argument by which the program starts itself as the child that evaluates a hostile script, under
// limits of its own. No user types it.
const sandboxChild = "evaluate-script"

// usage says what was wrong with the command line.
func usage(w io.Writer, parser *kong.Kong, err error) int {
	fmt.Fprintf(w, "error: %s\n", safe(err.Error()))
	hint := "coldwatch --help lists the commands"
	var pe *kong.ParseError
	if errors.As(err, &pe) && pe.Context != nil {
		if n := pe.Context.Selected(); n != nil {
			hint = n.FullPath() + " --help shows how it is called"
		}
	}
	var c *userError
	if errors.As(err, &c) {
		hint = c.hint
	}
	fmt.Fprintf(w, "hint: %s\n", hint)
	return 2
}

// A userError tells what went wrong and what to do.
type userError struct {
	err  error
	hint string
	code int // 0 means 1
}

func (e *userError) Error() string { return e.err.Error() }
func (e *userError) Unwrap() error { return e.err }

// hinted makes a userError.
func hinted(hint, format string, args ...any) error {
	return &userError{err: fmt.Errorf(format, args...), hint: hint}
}

// complain prints the error with its hint and gives the exit code.
func complain(w io.Writer, err error) int {
	err = explainError(err)
	fmt.Fprintf(w, "error: %s\n", safe(err.Error()))
	var u *userError
	if errors.As(err, &u) {
		if u.hint != "" {
			fmt.Fprintf(w, "hint: %s\n", u.hint)
		}
		if u.code != 0 {
			return u.code
		}
	}
	return 1
}

// note prints advice beside the results, unless quiet.
func (g *Globals) note(format string, args ...any) {
	if !g.Quiet {
		fmt.Fprintf(g.stderr, format+"\n", args...)
	}
}

type versionCmd struct{}

func (versionCmd) Run(g *Globals) error {
	if g.JSON {
		return g.printJSON(map[string]string{"version": coldwatch.Version})
	}
	_, err := fmt.Fprintln(g.stdout, "coldwatch", coldwatch.Version)
	return err
}
