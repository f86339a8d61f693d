package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// source is the Debian archive of this machine: where it lies and the keyring that signs it.
type source struct{ uri, signedBy string }

const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

var suiteForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,40}$`)

// findSource reads etc/apt for the archive that the machine itself uses: the first `deb` entry of a Debian suite that is
// not an update or security suite.
func findSource(etc string) (source, error) {
	var files []string
	for _, pattern := range []string{"apt/sources.list", "apt/sources.list.d/*.list", "apt/sources.list.d/*.sources"} {
		found, _ := filepath.Glob(filepath.Join(etc, pattern)) // the patterns are well formed
		files = append(files, found...)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // a file for root's eyes only: another may do
		}
		parse := parseList
		if strings.HasSuffix(file, ".sources") {
			parse = parseDeb822
		}
		if s, ok := parse(string(b)); ok {
			return s, nil
		}
	}
	return source{}, fmt.Errorf("no Debian archive among the sources in %s/apt: name one with --mirror URL", etc)
}

func isDebian(uri, suite string) bool {
	known := []string{"stable", "testing", "unstable", "sid", "oldstable", "bullseye", "bookworm", "trixie", "forky", "duke"}
	return strings.Contains(uri, "debian") && !strings.Contains(uri, "security") && slices.Contains(known, suite)
}

// parseList reads the one-line format: deb [option=value ...] uri suite component ...
func parseList(text string) (source, bool) {
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		var signed string
		if open, end := strings.Index(line, "["), strings.Index(line, "]"); open > 0 && end > open {
			for _, option := range strings.Fields(line[open+1 : end]) {
				if v, ok := strings.CutPrefix(option, "signed-by="); ok {
					signed = v
				}
			}
			line = line[:open] + line[end+1:]
		}
		if f := strings.Fields(line); len(f) >= 4 && f[0] == "deb" && isDebian(f[1], f[2]) {
			return source{f[1], signed}, true
		}
	}
	return source{}, false
}

// parseDeb822 reads stanzas of Types, URIs, Suites, Components, Signed-By.
func parseDeb822(text string) (source, bool) {
	for _, stanza := range strings.Split(text, "\n\n") {
		field := map[string]string{}
		for _, line := range strings.Split(stanza, "\n") {
			if k, v, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, " ") {
				field[strings.ToLower(k)] = strings.TrimSpace(v)
			}
		}
		if !slices.Contains(strings.Fields(field["types"]), "deb") || field["enabled"] == "no" {
			continue
		}
		for _, uri := range strings.Fields(field["uris"]) {
			for _, suite := range strings.Fields(field["suites"]) {
				if isDebian(uri, suite) {
					signed := field["signed-by"]
					if !strings.HasPrefix(signed, "/") {
						signed = "" // a key written out in the stanza: Debian's own keyring holds it too
					}
					return source{uri, signed}, true
				}
			}
		}
	}
	return source{}, false
}

// apt is a lists folder of one's own: the machine's package lists and its apt cache are not touched.
type apt struct {
	lists, conf, list string
	progress          func(string)
}

func newApt(work string, s source, suite string, progress func(string)) (*apt, error) {
	if !suiteForm.MatchString(suite) || strings.ContainsAny(s.uri+s.signedBy, " \t\n[]\"") {
		return nil, fmt.Errorf("suite %q or mirror %q: not in a form that apt takes", suite, s.uri)
	}
	a := &apt{lists: filepath.Join(work, "lists"), conf: filepath.Join(work, "apt.conf"), list: filepath.Join(work, "sources.list"), progress: progress}
	if err := os.MkdirAll(filepath.Join(a.lists, "partial"), 0o755); err != nil {
		return nil, err
	}
	if s.signedBy == "" {
		if _, err := os.Stat(debianKeyring); err == nil {
			s.signedBy = debianKeyring
		}
	}
	option := ""
	if s.signedBy != "" {
		option = "[signed-by=" + s.signedBy + "] "
	}
	return a, os.WriteFile(a.list, []byte("deb "+option+s.uri+" "+suite+" main\n"), 0o644)
}

// update runs apt-get update for DEP-11 and the Translations of languages, for any user. Packages are not asked for.
func (a *apt) update(ctx context.Context, languages []string) error {
	conf := fmt.Sprintf(`#clear APT::Update;
#clear DPkg::Post-Invoke;
#clear Acquire::Languages;
Acquire::Languages { "%s"; };
Dir::State::lists "%s/";
Dir::Etc::sourcelist "%s";
Dir::Etc::sourceparts "-";
Acquire::IndexTargets::deb::Packages::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11::MetaKey "$(COMPONENT)/dep11/Components-$(NATIVE_ARCHITECTURE).yml";
Acquire::IndexTargets::deb::DEP-11::ShortDescription "Components";
Acquire::IndexTargets::deb::DEP-11::Description "$(RELEASE)/$(COMPONENT) DEP-11 Metadata";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "true";
Acquire::GzipIndexes "true";
Acquire::PDiffs "false";
Acquire::Retries "3";
APT::Update::Error-Mode "any";
pkgCacheFile::Generate "false";
APT::Sandbox::User "";
`, strings.Join(languages, `"; "`), a.lists, a.list)
	if err := os.WriteFile(a.conf, []byte(conf), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "apt-get", "-c", a.conf, "update")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var tail bytes.Buffer
	cmd.Stderr = &tail
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("apt-get is needed to read a Debian archive: %w", err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		a.progress(lines.Text())
	}
	err = errors.Join(lines.Err(), cmd.Wait())
	if err != nil {
		return fmt.Errorf("apt-get -c %s update: %w\n%s", a.conf, err, bytes.TrimSpace(tail.Bytes()))
	}
	return nil
}

var translationKey = regexp.MustCompile(`main/i18n/Translation-([A-Za-z_@-]+)`)

// languages lists the Translation files that the archive's InRelease names, in order, "en" first.
func (a *apt) languages() ([]string, error) {
	release, err := a.file("*_InRelease")
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(release)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, m := range translationKey.FindAllSubmatch(b, -1) {
		seen[string(m[1])] = true
	}
	delete(seen, "en")
	return append([]string{"en"}, slices.Sorted(maps.Keys(seen))...), nil
}

// file finds the one file of the lists folder that matches, under any compression that apt leaves.
func (a *apt) file(pattern string) (string, error) {
	for _, ending := range []string{"", ".lz4", ".gz"} {
		if found, _ := filepath.Glob(filepath.Join(a.lists, pattern+ending)); len(found) == 1 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("%s: apt-get update left no %s there: does the suite have it?", a.lists, pattern)
}
