package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"crosssum/internal/artifact/store"
	"crosssum/internal/cli"
	"crosssum/internal/crawl/catalogue"
	"crosssum/internal/operation/withdraw"
	"crosssum/schemas"
)

// takeDown withdraws articles from a catalogue and lists what still holds them.
func takeDown(ctx context.Context, args []string) error {
	set := flags("withdraw", "withdraw FILE [--catalogue main] [--list] [--keep]",
		"Takes articles down. FILE (- for standard input) has a line for each: a language, a tab and an id, or {\"language\": ..., \"id\": ...}. A crawl of\n"+
			"deletions is written into the last crawl root and taken into the catalogue, which ends without the articles: pairs, splits and data set are made\n"+
			"anew. Then everything that still holds any of them is listed: earlier entries of every catalogue, data sets, and models that were trained on\n"+
			"them. Articles that the catalogue does not have are named, and no error. A later crawl that has an article brings it back.",
		"./crosssum withdraw takedown.tsv\n         printf 'english\\thttps://news.example/1\\n' | ./crosssum withdraw - --list")
	name := set.String("catalogue", "main", "the ledger's name")
	only := set.Bool("list", false, "only list what holds the articles; change nothing")
	keep := set.Bool("keep", false, "leave the Temporal server, its web UI and the worker running")
	open := houseFlags(set)
	file := ""
	if len(args) > 0 && (args[0] == "-" || !strings.HasPrefix(args[0], "-")) {
		file, args = args[0], args[1:]
	}
	if err := cli.Parse(set, args); err != nil {
		return err
	}
	if file == "" {
		return errors.New("withdraw: FILE is missing, and it comes first; see ./crosssum withdraw --help")
	}
	articles, err := withdraw.ReadList(file)
	if err != nil {
		return err
	}
	h, err := open()
	if err != nil {
		return err
	}
	s, err := store.Open(h.config.Store)
	if err != nil {
		return err
	}
	search := withdraw.NewSearch(s, h.config.Runs, h.config.ModelRoots, articles)
	if !*only {
		if err := h.withdraw(ctx, s, search, *name, articles, *keep); err != nil {
			return err
		}
	}
	holders, err := search.Holders()
	if err != nil {
		return err
	}
	printHolders(os.Stdout, holders, len(articles))
	return nil
}

// withdraw takes the crawl of deletions into the catalogue and sees that none of the articles is left.
func (h *house) withdraw(ctx context.Context, s *store.Store, search *withdraw.Search, name string, articles []withdraw.Article, keep bool) error {
	newest, err := catalogue.Newest(s, name)
	if err != nil {
		return err
	}
	if newest == nil {
		fmt.Printf("Catalogue %s has no entry: there is nothing to withdraw from it.\n", name)
		return nil
	}
	in, err := search.In(*newest)
	if err != nil {
		return err
	}
	printUnknown(os.Stdout, *newest, in, articles)
	if len(in) == 0 {
		return nil
	}
	input, err := h.deletions(*newest, in)
	if err != nil {
		return err
	}
	if err := h.realign(ctx, "withdraw", input, keep); err != nil {
		return err
	}
	if newest, err = catalogue.Newest(s, name); err != nil {
		return err
	}
	left, err := search.In(*newest)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("withdraw: entry %d of catalogue %s still has %d of the articles, %s %s first: a crawl that was taken meanwhile has brought them "+
			"back; take it out of the crawl root and run the same command again", newest.Number, name, len(left), left[0].Language, left[0].ID)
	}
	if err == nil {
		fmt.Printf("\nCatalogue %s ends with entry %d, which has none of the articles.\n", name, newest.Number)
	}
	return err
}

// deletions writes the crawl and makes the input of the Realign that takes it, with the parameters of the ledger's newest entry.
func (h *house) deletions(newest schemas.Entry, in []withdraw.Article) (json.RawMessage, error) {
	roots := h.config.CrawlRoots
	if len(roots) == 0 {
		return nil, errors.New("withdraw: no crawl root is configured: see crawl_roots in temporal.yaml")
	}
	root := roots[len(roots)-1]
	crawl, err := withdraw.WriteCrawl(root, in, newest.Number)
	if err != nil {
		return nil, err
	}
	fmt.Printf("withdrawing %d articles by the crawl %s\n", len(in), filepath.Join(root, crawl))
	params := newest.Params
	params.Crawl = crawl
	if params.Languages == nil {
		params.Languages = []string{} // null is no list to the decoder
	}
	return json.Marshal(params)
}

// shownUnknown bounds the names of articles that the catalogue does not have.
const shownUnknown = 20

func printUnknown(w io.Writer, newest schemas.Entry, in, articles []withdraw.Article) {
	has := map[withdraw.Article]bool{}
	for _, a := range in {
		has[a] = true
	}
	unknown := 0
	for _, a := range articles {
		if has[a] {
			continue
		}
		if unknown++; unknown <= shownUnknown {
			fmt.Fprintf(w, "not in catalogue %s (entry %d): %s %s\n", newest.Name, newest.Number, a.Language, a.ID)
		}
	}
	if unknown > shownUnknown {
		fmt.Fprintf(w, "... and %d more that catalogue %s does not have\n", unknown-shownUnknown, newest.Name)
	}
}

// printHolders lists what still holds the articles, and what to do about it.
func printHolders(w io.Writer, holders []withdraw.Holder, asked int) {
	if len(holders) == 0 {
		fmt.Fprintf(w, "\nNo catalogue entry, data set or model here holds any of the %d articles.\n", asked)
		return
	}
	fmt.Fprintf(w, "\nThese still hold some of the %d articles:\n\n", asked)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\twhich\tarticles\tin train\twhat to do")
	for _, h := range holders {
		articles, train, do := fmt.Sprint(h.Articles), "", ""
		switch h.Kind {
		case "catalogue":
			if do = "earlier entries: nothing builds on them any more"; h.Newest {
				do = "./crosssum withdraw FILE --catalogue " + h.Name
			}
		case "data set":
			train, do = fmt.Sprint(h.Train), "remove it, and tell whoever has a copy"
		case "model":
			do = "train again on a data set without them"
		}
		if h.Path == "" && h.First == 0 {
			do = "of a run that left no folder: nobody has it unless it was copied from the store"
		}
		if h.Unread != nil {
			articles, do = "?", "could not be looked into: "+h.Unread.Error()
		}
		which := cmp.Or(h.Path, h.Name)
		if h.First > 0 {
			which = fmt.Sprintf("%s, entry %d", h.Name, h.First)
			if h.Last > h.First {
				which = fmt.Sprintf("%s, entries %d to %d", h.Name, h.First, h.Last)
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", h.Kind, which, articles, train, do)
	}
	table.Flush()
	fmt.Fprintf(w, "\nThe crawls that brought the articles have them too, and the store keeps the bytes of what is listed: words of articles in the units of %s, only "+
		"their names in those of %s. A later crawl that has an article brings it back.\n", stagesWith(schemas.Texts), stagesWith(schemas.IDs))
}

// stagesWith names the stages whose files have words of articles, or else only their names.
func stagesWith(most schemas.Holding) string {
	var names []string
	for _, stage := range schemas.Registry {
		if stage.Most() == most {
			names = append(names, stage.Name)
		}
	}
	return strings.Join(names, ", ")
}
