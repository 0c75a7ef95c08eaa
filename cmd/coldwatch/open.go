package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/coldwatch/coldwatch/analysis"
	"github.com/coldwatch/coldwatch/analysis/payload/sandbox"
	"github.com/coldwatch/coldwatch/analysis/verdict"
	"github.com/coldwatch/coldwatch/campaign"
	"github.com/coldwatch/coldwatch/engine"
	"github.com/coldwatch/coldwatch/intake"
	"github.com/coldwatch/coldwatch/knowledge"
	"github.com/coldwatch/coldwatch/store"
	"github.com/coldwatch/coldwatch/store/postgres"
	"github.com/coldwatch/coldwatch/store/sqlite"
)

// ownPack is the folder of the user's own pack, laid on top of the embedded one; `init` writes it.
const ownPack = "coldwatch-pack"

// pack gives the chain pack: --pack alone, else a scenario's own, else the embedded one with the user's on top.
func (g *Globals) pack(scenario string) (*knowledge.Pack, error) {
	dir := g.PackDir
	if dir == "" && scenario != "" {
		dir = filepath.Join(scenario, "pack")
	}
	if dir != "" {
		p, err := knowledge.Load(dir)
		if err != nil {
			return nil, hinted("a pack is a folder with pack.yaml and CSV files; docs/formats/pack.md describes it", "pack %s: %w", dir, err)
		}
		g.packProblems(p, dir)
		return p, nil
	}
	own := filepath.Join(g.folder(), ownPack)
	if _, err := os.Stat(filepath.Join(own, "pack.yaml")); errors.Is(err, fs.ErrNotExist) {
		return knowledge.Default(), nil
	}
	p, err := knowledge.Load(own) // its pack.yaml says that it extends the embedded one
	if err != nil {
		return nil, hinted("mend the folder, or move it away to use the embedded pack alone", "your own pack %s: %w", own, err)
	}
	g.packProblems(p, own)
	return p, nil
}

// folder is where what belongs to the database lies beside it: the current folder for one on a server.
func (g *Globals) folder() string {
	if postgres.Is(g.DB) {
		return "."
	}
	return filepath.Dir(g.DB)
}

func (g *Globals) packProblems(p *knowledge.Pack, dir string) {
	if n := len(p.Problems); n > 0 {
		g.note("note: %d rows of the pack %s are wrong or incomplete; coldwatch pack check %s lists them", n, dir, dir)
	}
}

// engine opens the database at path and gives an engine over it; close it after use. A database that is not there is made
// only when create is set.
func (g *Globals) engine(ctx context.Context, path string, pack *knowledge.Pack, create bool) (*engine.Engine, error) {
	st, err := openStore(ctx, path, create)
	if err != nil {
		return nil, err
	}
	w, err := g.weightsOf(ctx, st)
	if err != nil {
		st.Close()
		return nil, err
	}
	e := g.walker(pack, w)
	e.Store = st
	return e, nil
}

// wrapKey is where tests put, into the context, what the store is wrapped in: a func(engine.Store) engine.Store.
type wrapKey struct{}

// openStore opens the database at a path or an address.
func openStore(ctx context.Context, path string, create bool) (engine.Store, error) {
	st, err := openPlain(ctx, path, create)
	if wrap, ok := ctx.Value(wrapKey{}).(func(engine.Store) engine.Store); ok && err == nil {
		st = wrap(st)
	}
	return st, err
}

func openPlain(ctx context.Context, path string, create bool) (engine.Store, error) {
	if postgres.Is(path) {
		st, err := postgres.Open(ctx, path)
		if err != nil {
			return nil, &userError{err: err, hint: postgresHint}
		}
		return st, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !create {
		return nil, hinted("coldwatch scan FOLDER makes one; --db FILE names another", "there is no database %s yet", path)
	}
	if dir := filepath.Dir(path); dir != "." {
		if _, err := os.Stat(dir); err != nil {
			return nil, hinted("make the folder first, or name another with --db FILE", "the folder of the database: %w", err)
		}
	}
	return sqlite.Open(ctx, path)
}

// walker gives an engine without a store: it walks messages and keeps nothing. Nil weights are the shipped ones.
func (g *Globals) walker(pack *knowledge.Pack, w *verdict.Weights) *engine.Engine {
	if pack == nil {
		pack = &knowledge.Pack{}
	}
	options := analysis.Options{Limits: g.payload, Weights: w, DNS: g.resolver, Trusted: g.Trust}
	if self, err := os.Executable(); err == nil {
		options.Sandbox = sandbox.Command(self, sandboxChild)
	}
	return engine.New(engine.Config{Pack: pack, Options: options, Limits: g.message, Linking: campaign.Default(),
		Clock: func() time.Time { return time.Now().UTC() }})
}

// open is engine with the usual database, for commands that read: with the pack that its mail was scanned with, unless
// --pack names another. A word said with another pack at hand would make every profile anew by that one.
func (g *Globals) open(ctx context.Context) (*engine.Engine, error) { return g.opened(ctx, false) }

// opened is open; a database that is not there is made when create is set.
func (g *Globals) opened(ctx context.Context, create bool) (*engine.Engine, error) {
	e, err := g.engine(ctx, g.DB, nil, create)
	if err != nil {
		return nil, err
	}
	p, err := g.packOf(ctx, e.Store)
	if err != nil {
		e.Store.Close()
		return nil, err
	}
	st := e.Store
	w, err := g.weightsOf(ctx, st)
	if err != nil {
		st.Close()
		return nil, err
	}
	e = g.walker(p, w)
	e.Store = st
	return e, nil
}

// weightsSetting keeps the weights that a database was last scanned with, where they were not the shipped ones: a replay
// must come to the same verdicts.
const weightsSetting = "weights"

// shippedWeights is the word for the weights that came with the program.
const shippedWeights = "shipped"

// weightsOf gives the weights of --weights, else those that the database was scanned with, nil for the shipped ones.
func (g *Globals) weightsOf(ctx context.Context, st engine.Store) (*verdict.Weights, error) {
	raw, err := st.Setting(ctx, weightsSetting)
	if err != nil {
		return nil, err
	}
	switch g.weights {
	case "":
	case shippedWeights:
		return nil, st.PutSetting(ctx, weightsSetting, nil)
	default:
		if raw, err = os.ReadFile(g.weights); err != nil {
			return nil, hinted("coldwatch measure SCENARIO --weights FILE writes one; the word shipped means those of the program", "weights: %w", err)
		}
		if _, err := verdict.Parse(raw); err != nil {
			return nil, hinted("coldwatch measure SCENARIO --weights FILE writes a good one", "%s: %w", g.weights, err)
		}
		if err := st.PutSetting(ctx, weightsSetting, raw); err != nil {
			return nil, err
		}
	}
	if len(raw) == 0 {
		return nil, nil
	}
	return verdict.Parse(raw)
}

// packSetting keeps the folder of the pack that a database was last scanned with, where it was not the usual one.
const packSetting = "pack"

// packOf gives the pack that a database was scanned with.
func (g *Globals) packOf(ctx context.Context, st engine.Store) (*knowledge.Pack, error) {
	kept, err := st.Setting(ctx, packSetting)
	if err != nil {
		return nil, err
	}
	if g.PackDir == "" && len(kept) > 0 {
		if _, err := os.Stat(filepath.Join(string(kept), "pack.yaml")); err == nil {
			p, err := knowledge.Load(string(kept))
			if err == nil {
				return engine.Corrected(ctx, st, p)
			}
		}
		g.note("note: the pack %s that this mail was scanned with is gone; --pack DIR names another", safe(string(kept)))
	}
	p, err := g.pack("")
	if err != nil {
		return nil, err
	}
	return engine.Corrected(ctx, st, p)
}

// keepPack remembers the folder of the pack, for open.
func (g *Globals) keepPack(ctx context.Context, st engine.Store, scenario string) error {
	dir := g.PackDir
	if dir == "" && scenario != "" {
		dir = filepath.Join(scenario, "pack")
	}
	if dir == "" {
		return st.PutSetting(ctx, packSetting, nil)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return st.PutSetting(ctx, packSetting, []byte(dir))
}

// explainError gives the errors of the store and of reading a hint.
func explainError(err error) error {
	var u *userError
	if errors.As(err, &u) {
		return err
	}
	var in *intake.UserError
	switch {
	case errors.As(err, &in):
		return &userError{err: err, hint: in.Hint}
	case errors.Is(err, store.ErrNewer):
		return &userError{err: err, hint: "use the newer coldwatch, or name another database with --db FILE; nothing was changed"}
	case errors.Is(err, store.ErrFull):
		return &userError{err: err, hint: "free some space and run the same command again: it goes on where it was, nothing stored is lost"}
	case errors.Is(err, store.ErrReadOnly):
		return &userError{err: err, hint: "make the folder and the database writable, or name another with --db FILE"}
	case errors.Is(err, store.ErrDamaged):
		return &userError{err: err, hint: "coldwatch doctor looks closer, coldwatch doctor --rebuild makes the database again from the raw messages"}
	case errors.Is(err, context.Canceled):
		return &userError{err: errors.New("stopped"), hint: "run the same command again: it goes on where it was"}
	case errors.Is(err, fs.ErrPermission):
		return &userError{err: err, hint: "check the permissions of the file and its folder"}
	}
	return err
}

// isScenario tells a labelled scenario folder.
func isScenario(path string) bool {
	_, err := os.Stat(filepath.Join(path, "scenario.json"))
	return err == nil
}

// configFile resolves flags from a YAML file: --config FILE, else coldwatch.yaml in the current folder, else the user's
// own. Keys are the flags' names; a section with a command's name holds its flags.
func configFile(args []string) kong.Resolver {
	named := ""
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			named = v
		} else if a == "--config" && i+1 < len(args) {
			named = args[i+1]
		}
	}
	if named == "" {
		named = os.Getenv("COLDWATCH_CONFIG")
	}
	paths := []string{named}
	if named == "" {
		paths = []string{"coldwatch.yaml"}
		if dir, err := os.UserConfigDir(); err == nil {
			paths = append(paths, filepath.Join(dir, "coldwatch", "config.yaml"))
		}
	}
	var values map[string]any
	var failed error
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) && named == "" {
			continue
		}
		if err == nil {
			err = yaml.Unmarshal(b, &values)
		}
		if err != nil {
			failed = &userError{err: fmt.Errorf("config file %s: %w", p, err), hint: "keys are the flags' names, for example: db: /var/lib/coldwatch/coldwatch.db"}
		}
		break
	}
	return kong.ResolverFunc(func(k *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		if failed != nil {
			return nil, failed
		}
		if flag.Name == "config" {
			return nil, nil
		}
		if n := parent.Node(); n != nil && n.Type == kong.CommandNode {
			if section, ok := values[n.Name].(map[string]any); ok {
				return section[flag.Name], nil
			}
			return nil, nil
		}
		if section, ok := values[flag.Name].(map[string]any); ok {
			if !flag.IsMap() {
				return nil, nil
			}
			texts := map[string]any{}
			for k, v := range section {
				texts[k] = fmt.Sprint(v)
			}
			return texts, nil
		}
		return values[flag.Name], nil
	})
}

// writeFile writes a file whole or not at all: to a temporary name beside it, then renamed.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".coldwatch-*")
	if err != nil {
		return hinted("the folder must exist and be writable", "write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
