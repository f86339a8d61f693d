package cli

import (
	"errors"
	"flag"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// command is one with flags of every kind.
func command() *flag.FlagSet {
	set := New("align", "align --source A [--k 4]", "Aligns.", "./crosssum align --source a", func(flag string) bool { return flag == "store" || flag == "threads" })
	set.String("source", "", "Arrow `file`")
	set.Int("k", 4, "neighbours")
	set.Bool("json", false, "lines are JSON")
	set.String("store", "data/store", "")
	set.Int("threads", 2, "")
	return set
}

func TestHelpListsFlagsAsTheyAreTypedAndSettingsByName(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved := os.Stdout
	os.Stdout = w
	err = Parse(command(), []string{"--help"})
	os.Stdout = saved
	w.Close()
	got, _ := io.ReadAll(r)
	want := `Usage: ./crosssum align --source A [--k 4]

Aligns.

Example: ./crosssum align --source a

Flags:
  --json         lines are JSON
  --k int        neighbours (default 4)
  --source file  Arrow file

In place of what temporal.yaml says: --store, --threads
`
	if !errors.Is(err, flag.ErrHelp) || string(got) != want {
		t.Errorf("%v:\n%s", err, got)
	}
}

func TestAnErrorIsOneLineThatNamesTheFlagAsItIsTyped(t *testing.T) {
	for args, want := range map[string]string{
		"--source a --k 2":         "",
		"-source a -k=2 -json":     "",
		"--source a --bogus":       "there is no flag --bogus; see ./crosssum align --help",
		"--sorce a":                "there is no flag --sorce: nearest is --source; see ./crosssum align --help",
		"-soruce=a":                "there is no flag --soruce: nearest is --source; see ./crosssum align --help",
		"--source a --jsno":        "there is no flag --jsno: nearest is --json; see ./crosssum align --help",
		"--thread 3":               "there is no flag --thread: nearest is --threads; see ./crosssum align --help",
		"--source":                 "flag needs an argument: --source; see ./crosssum align --help",
		"--source a --k -x":        `invalid value "-x" for flag --k: parse error; see ./crosssum align --help`,
		"--source a --json=-maybe": `invalid boolean value "-maybe" for --json: parse error; see ./crosssum align --help`,
		"--source a stray --k 3":   `unexpected argument "stray"; see ./crosssum align --help`,
		"--k 3":                    "--source is missing; see ./crosssum align --help",
	} {
		if err := Parse(command(), strings.Fields(args), "source"); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v", args, err)
		}
	}
	if err := Parse(New("build/bin/engine floor", "", "", "", nil), []string{"stray"}); err == nil || !strings.HasSuffix(err.Error(), "; see build/bin/engine floor --help") {
		t.Errorf("a command of the engine alone: %v", err)
	}
}

func TestAProgramRunsTheCommandThatIsNamedAndEndsAsItDid(t *testing.T) {
	var got []string
	commands := map[string]func([]string) error{
		"good": func(args []string) error { got = args; return nil },
		"bad":  func([]string) error { return errors.New("bad: no") },
		"help": func([]string) error { return flag.ErrHelp },
	}
	for _, c := range []struct {
		args   string
		status int
	}{{"good a b", 0}, {"bad", 1}, {"help", 0}, {"other", 2}, {"", 2}} {
		if status := Main("program", commands, strings.Fields(c.args)); status != c.status {
			t.Errorf("%q ends with %d", c.args, status)
		}
	}
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("its arguments: %q", got)
	}
}
