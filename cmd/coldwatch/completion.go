package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/coldwatch/coldwatch"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints a script that completes commands and flags; file names complete as the shell does by itself.
func (c completionCmd) Run(g *Globals, parser *kong.Kong) error {
	words := completionWords(parser.Model.Node, "")
	switch c.Shell {
	case "fish":
		for _, n := range parser.Model.Leaves(true) {
			path := strings.Fields(n.Path())
			if len(path) == 1 {
				g.print("complete -c coldwatch -n __fish_use_subcommand -a %s -d %q", path[0], n.Help)
			}
			for _, f := range flags(n) {
				g.print("complete -c coldwatch -n '__fish_seen_subcommand_from %s' -l %s -d %q", path[0], f.Name, f.Help)
			}
		}
		return nil
	case "zsh":
		g.print("#compdef coldwatch\nautoload -U +X bashcompinit && bashcompinit")
	}
	g.print(`_coldwatch() {
	local cur=${COMP_WORDS[COMP_CWORD]} path="" w
	for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do case $w in -*) ;; *) path="$path $w" ;; esac; done
	case "$path" in`)
	for _, w := range words {
		g.print("\t%q*) COMPREPLY=($(compgen -W %q -- \"$cur\")) ;;", w[0], w[1])
	}
	g.print("\tesac\n}\ncomplete -o default -F _coldwatch coldwatch")
	return nil
}

// completionWords gives each command's path with what may follow it, the deepest paths first, for the first that fits wins.
func completionWords(n *kong.Node, path string) [][2]string {
	var out [][2]string
	var next []string
	for _, child := range n.Children {
		if child.Hidden {
			continue
		}
		out = append(out, completionWords(child, path+" "+child.Name)...)
		next = append(next, child.Name)
	}
	for _, f := range flags(n) {
		next = append(next, "--"+f.Name)
	}
	return append(out, [2]string{path, strings.Join(next, " ")})
}

// flags gives the flags that a command takes, those of its parents included.
func flags(n *kong.Node) []*kong.Flag {
	var out []*kong.Flag
	for _, group := range n.AllFlags(true) {
		out = append(out, group...)
	}
	return out
}

type manCmd struct{}

// Run prints the manual page in roff (man(7)), made from the same model as the help texts.
func (manCmd) Run(g *Globals, parser *kong.Kong) error {
	esc := strings.NewReplacer(`\`, `\\`, "-", `\-`).Replace
	g.print(".TH COLDWATCH 1 \"\" \"coldwatch %s\"", coldwatch.Version)
	g.print(".SH NAME\ncoldwatch \\- find phishing campaigns against a supply chain")
	g.print(".SH SYNOPSIS\n.B coldwatch\n.I command\n.RI [ options ]")
	g.print(".SH DESCRIPTION\n%s", esc(strings.ReplaceAll(parser.Model.Help, "\n\n", "\n.PP\n")))
	g.print(".SH COMMANDS")
	for _, n := range parser.Model.Leaves(true) {
		args := ""
		for _, p := range n.Positional {
			args += " " + p.Summary()
		}
		g.print(".TP\n.B coldwatch %s%s\n%s", esc(n.Path()), esc(args), esc(n.Help))
		if n.Detail != "" {
			g.print("%s", esc(n.Detail))
		}
		for _, f := range n.Flags {
			g.print(".RS\n.TP\n.B %s\n%s\n.RE", esc("--"+f.Name), esc(f.Help))
		}
	}
	g.print(".SH OPTIONS")
	for _, f := range parser.Model.Flags {
		g.print(".TP\n.B %s\n%s", esc("--"+f.Name), esc(f.Help))
	}
	g.print(".SH ENVIRONMENT\nEvery option can stand in COLDWATCH_\\fINAME\\fR, and in coldwatch.yaml under its name.")
	g.print(".SH EXIT STATUS\n0 fine, 1 failed, 2 wrong usage.")
	_, err := fmt.Fprintln(g.stdout, ".SH FILES\ncoldwatch.db, coldwatch.raw.db, coldwatch\\-pack/ and coldwatch.yaml in the current folder.")
	return err
}
