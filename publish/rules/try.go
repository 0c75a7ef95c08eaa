package rules

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Sample is a message as the rules' engines see it.
type Sample struct {
	Name        string
	Raw         []byte   // the whole message, for engines that take mail apart themselves
	Headers     []byte   // header section as received
	Attachments [][]byte // decoded
}

// Tools are the programs by which Try runs rules.
func Tools() []string { return []string{"postmap", "rspamd", "yara"} }

// Try runs each rule in its engine, where that is at hand, on the samples: it must hit at least half of those of the campaign that
// have what the engine looks at, and miss every benign one. A rule that fails is withheld with its reason; one whose engine is not at hand stays
// marked as not executed. An error means that a temporary file could not be written.
func Try(ctx context.Context, rules []Rule, campaign, benign []Sample) ([]Rule, error) {
	dir, err := os.MkdirTemp("", "coldwatch-rules-")
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	defer os.RemoveAll(dir)
	out := make([]Rule, len(rules))
	for i, r := range rules {
		out[i] = r
		run, engine := runner(r.Engine)
		if run == nil {
			continue
		}
		if _, err := exec.LookPath(engine); err != nil {
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("rule%d", i))
		if err := os.WriteFile(file, []byte(text(r)), 0o600); err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		out[i].Status, out[i].Withheld, err = judge(ctx, run, engine, file, dir, campaign, benign)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// text is what goes into the engine's file: Rspamd reads the multimap as a section of its configuration.
func text(r Rule) string {
	if r.Engine == "rspamd" {
		return "multimap {\n" + r.Text + "}\n"
	}
	return r.Text
}

// A run tells which samples the rule in a file hits, and which have what the engine looks at. It calls the engine once.
type run func(ctx context.Context, file, dir string, samples []Sample) (hit, applies []bool, err error)

func runner(engine string) (run, string) {
	switch engine {
	case "yara":
		return runYara, "yara"
	case "postfix-checks":
		return runPostmap, "postmap"
	case "rspamd", "rspamd-regexp":
		return runRspamd, "rspamd"
	}
	return nil, ""
}

// judge runs a rule over all samples. The tool's own refusal of the rule is a reason to withhold it, not an error.
func judge(ctx context.Context, run run, engine, file, dir string, campaign, benign []Sample) (status string, withheld bool, err error) {
	hit, applies, err := run(ctx, file, dir, slices.Concat(campaign, benign))
	if err != nil {
		return "withheld: " + err.Error(), true, ctx.Err()
	}
	hits, of, missed := 0, 0, 0
	for i := range hit {
		switch {
		case i >= len(campaign) && hit[i]:
			return fmt.Sprintf("withheld: executed with %s, it hits the benign message %s", engine, plain(benign[i-len(campaign)].Name)), true, nil
		case i >= len(campaign) && applies[i]:
			missed++
		case i < len(campaign) && applies[i]:
			of++
			if hit[i] {
				hits++
			}
		}
	}
	switch {
	case of == 0:
		return NotExecuted + ": no message at hand has what it looks at", false, nil
	case 2*hits < of:
		return fmt.Sprintf("withheld: executed with %s, it hits only %d of %d messages of the campaign", engine, hits, of), true, nil
	}
	return fmt.Sprintf("executed with %s: hits %d of %d messages of the campaign and none of %d benign ones", engine, hits, of, missed), false, nil
}

// runYara writes the attachments into one folder and scans it; yara prints a line "rule path" a hit.
func runYara(ctx context.Context, file, dir string, samples []Sample) (hit, applies []bool, err error) {
	hit, applies = make([]bool, len(samples)), make([]bool, len(samples))
	folder, err := os.MkdirTemp(dir, "samples")
	if err != nil {
		return nil, nil, err
	}
	for i, s := range samples {
		applies[i] = len(s.Attachments) > 0
		for k, a := range s.Attachments {
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d-%d", i, k)), a, 0o600); err != nil {
				return nil, nil, err
			}
		}
	}
	out, err := command(ctx, nil, "yara", "--no-warnings", "--timeout=60", file, folder)
	for line := range strings.Lines(string(out)) {
		_, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, _, _ := strings.Cut(filepath.Base(path), "-")
		if i, err := strconv.Atoi(number); err == nil && i < len(hit) {
			hit[i] = true
		}
	}
	return hit, applies, err
}

// runPostmap looks up each header field, unfolded, as cleanup(8) would; postmap prints a line "field, tab, action" a hit, in order.
func runPostmap(ctx context.Context, file, dir string, samples []Sample) (hit, applies []bool, err error) {
	hit, applies = make([]bool, len(samples)), make([]bool, len(samples))
	owners := map[string][]int{}
	var in strings.Builder
	for i, s := range samples {
		applies[i] = len(s.Headers) > 0
		for f := range strings.SplitSeq(unfold(string(s.Headers)), "\n") {
			if f != "" {
				owners[f] = append(owners[f], i)
				in.WriteString(f + "\n")
			}
		}
	}
	config := filepath.Join(dir, "main.cf")
	if err := os.WriteFile(config, []byte("compatibility_level = 3.6\nmyhostname = localhost\n"), 0o600); err != nil {
		return nil, nil, err
	}
	out, err := command(ctx, []byte(in.String()), "postmap", "-c", dir, "-q", "-", "regexp:"+file)
	for line := range strings.Lines(string(out)) {
		field := line[:max(0, strings.LastIndex(line, "\tREJECT"))]
		for _, i := range owners[field] {
			hit[i] = true
		}
	}
	return hit, applies, err
}

// unfold joins folded header fields (RFC 5322 section 2.2.3); other control characters become spaces.
func unfold(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.NewReplacer("\n ", " ", "\n\t", " ").Replace(s)
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r == 0x7f) {
			return ' '
		}
		return r
	}, s)
}

// command runs a tool and returns what it prints. Exit status 1 without a message is how both tools say that nothing was found.
func command(ctx context.Context, stdin []byte, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Stdin = bytes.NewReader(stdin)
	var out, problem bytes.Buffer
	c.Stdout, c.Stderr = &out, &problem
	err := c.Run()
	if msg := strings.TrimSpace(problem.String()); err != nil && msg != "" {
		first, _, _ := strings.Cut(msg, "\n")
		return out.Bytes(), fmt.Errorf("%s refuses it: %s", name, plain(first))
	}
	return out.Bytes(), nil
}
