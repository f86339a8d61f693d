package withdraw

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crosssum/internal/artifact/store"
	"crosssum/internal/crawl/catalogue"
	"crosssum/internal/training/trained"
	"crosssum/schemas"
)

// Holder is something that holds some of the articles: entries of a catalogue, a data set or a model.
type Holder struct {
	Kind     string // "catalogue", "data set", "model", "run" (of which only Unread is known)
	Name     string // of the catalogue, the run or the model, or what of the store no folder shows
	Path     string // of the folder, "" for what only the store has
	Articles int    // how many of the list
	Train    int    // of a data set: how many of them in train

	First, Last int  // entries of a catalogue that hold as many
	Newest      bool // Last is the catalogue's newest entry

	Unread error // why it could not be looked into: it may hold any
}

// Search looks for a list of articles.
type Search struct {
	Store     *store.Store
	Runs      string   // the folder of runs
	Models    []string // the model roots
	wanted    map[Article]bool
	languages map[string]bool           // of wanted
	says      map[trained.Row][]Article // those of the list that catalogues have, by what records of models may have in place of their names
	found     map[string]found          // by path of the object
}

// found is what of the list a file names.
type found struct{ all, train map[Article]bool }

// NewSearch searches a store, a folder of runs and the model roots.
func NewSearch(s *store.Store, runs string, models []string, articles []Article) *Search {
	search := &Search{Store: s, Runs: runs, Models: models, wanted: map[Article]bool{}, languages: map[string]bool{}, says: map[trained.Row][]Article{}, found: map[string]found{}}
	for _, a := range articles {
		search.wanted[a], search.languages[a.Language] = true, true
	}
	return search
}

// In lists the articles that a catalogue entry has, sorted.
func (s *Search) In(entry schemas.Entry) ([]Article, error) {
	var index schemas.Index
	if err := s.Store.GetJSON(entry.Articles.Index, &index); err != nil {
		return nil, err
	}
	var in []Article
	for _, u := range index.Units {
		if !s.languages[u.Name] {
			continue
		}
		f, err := read(s, u, "articles.arrow", func(row *schemas.ArticleRow, f *found) {
			if a := f.add(s, row.Language, row.ID, false); a != nil {
				for _, content := range trained.Contents(row) {
					s.says[content] = append(s.says[content], *a)
				}
			}
		})
		if err != nil {
			return nil, err
		}
		for a := range f.all {
			in = append(in, a)
		}
	}
	slices.SortFunc(in, Article.compare)
	return in, nil
}

// Holders lists everything that holds an article of the list: entries of all catalogues, data sets and models of runs, models with a record of
// what they were trained on (by name, or by content where a catalogue has the article), and what the store has of runs whose folder is gone or
// never was. What cannot be looked into is listed as such, and hides nothing else.
func (s *Search) Holders() ([]Holder, error) {
	holders, err := s.catalogues()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, part := range []func(map[string]bool) ([]Holder, error){s.runs, s.models, s.unnamed} {
		more, err := part(seen)
		if err != nil {
			return nil, err
		}
		holders = append(holders, more...)
	}
	return holders, nil
}

func (s *Search) catalogues() (holders []Holder, err error) {
	names, err := folders(filepath.Join(s.Store.Root(), "refs", "catalogue"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		entries, err := catalogue.History(s.Store, name)
		if err != nil {
			holders = append(holders, Holder{Kind: "catalogue", Name: name, Unread: err})
		}
		for _, e := range entries {
			in, err := s.In(e)
			h := Holder{Kind: "catalogue", Name: name, First: e.Number, Last: e.Number, Newest: e.Number == len(entries), Articles: len(in), Unread: err}
			last := len(holders) - 1
			switch {
			case err == nil && len(in) == 0:
			case err == nil && last >= 0 && holders[last].Name == name && holders[last].Last == e.Number-1 && holders[last].Articles == len(in):
				holders[last].Last, holders[last].Newest = h.Last, h.Newest
			default:
				holders = append(holders, h)
			}
		}
	}
	return holders, nil
}

// runs reads the manifests of the folder of runs.
func (s *Search) runs(seen map[string]bool) (holders []Holder, err error) {
	names, err := folders(s.Runs)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		var m struct {
			Stages map[string]schemas.Index `json:"stages"`
		}
		folder := filepath.Join(s.Runs, name)
		b, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(b, &m)
		}
		if err != nil {
			holders = append(holders, Holder{Kind: "run", Name: name, Path: folder, Unread: fmt.Errorf("manifest.json: %w", err)})
			continue
		}
		for _, split := range m.Stages[schemas.SplitDedup.Name].Units {
			seen[split.Key] = true
			f, err := s.samples(split)
			if err != nil { // the store was emptied since, or is another one
				holders = append(holders, Holder{Kind: "run", Name: name, Path: folder, Unread: err})
			}
			if len(f.all) > 0 {
				holders = append(holders, Holder{Kind: "data set", Name: name, Path: filepath.Join(folder, "dataset"), Articles: len(f.all), Train: len(f.train)})
			}
			for _, model := range m.Stages[schemas.Train.Name].Units {
				seen[model.Key] = true
				h := Holder{Kind: "model", Name: name, Path: filepath.Join(folder, "model"), Articles: len(f.train)}
				if record, err := s.record(model, h.Path); err != nil {
					h.Unread = err
				} else if record != nil {
					h.Articles = len(record)
				}
				if h.Articles > 0 || h.Unread != nil {
					holders = append(holders, h)
				}
			}
		}
	}
	return holders, nil
}

// record is what of the list a run's model was trained on by its own record, which has the articles of the model that it began
// with too; nil for a model from before there was a record. The folder has it where the store has it no more.
func (s *Search) record(model schemas.Unit, folder string) (map[Article]bool, error) {
	if _, ok := model.Files[schemas.TrainedOnFile]; !ok {
		return nil, nil
	}
	f, err := s.trainedOn(model)
	if err != nil {
		path := filepath.Join(folder, schemas.TrainedOnFile)
		if _, gone := os.Stat(path); gone == nil {
			f, err = s.trainedOnFile(path)
		}
	}
	return f.all, err
}

func (s *Search) trainedOn(model schemas.Unit) (found, error) {
	path, err := s.Store.File(model, schemas.TrainedOnFile)
	if err != nil {
		return found{}, err
	}
	return s.trainedOnFile(path)
}

func (s *Search) trainedOnFile(path string) (found, error) {
	return s.once(path, func(f *found) error {
		return trained.Read(path, func(row trained.Row) {
			f.add(s, row.Language, row.ID, true)
			row.ID = ""
			for _, a := range s.says[row] {
				f.add(s, a.Language, a.ID, true)
			}
		})
	})
}

// models reads the record of what they were trained on of the models in the model roots.
func (s *Search) models(map[string]bool) (holders []Holder, err error) {
	for _, root := range s.Models {
		names, err := folders(root)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			path := filepath.Join(root, name, schemas.TrainedOnFile)
			if _, err := os.Stat(path); err != nil {
				continue
			}
			f, err := s.trainedOnFile(path)
			if len(f.all) > 0 || err != nil {
				holders = append(holders, Holder{Kind: "model", Name: name, Path: filepath.Join(root, name), Articles: len(f.all), Unread: err})
			}
		}
	}
	return holders, nil
}

// unnamed finds what the store has of splits and models that no run's folder shows.
func (s *Search) unnamed(seen map[string]bool) (holders []Holder, err error) {
	for _, stage := range []string{schemas.SplitDedup.Name, schemas.Train.Name} {
		keys, err := filepath.Glob(filepath.Join(s.Store.Root(), "stages", stage, "*.json"))
		if err != nil {
			return nil, err
		}
		for _, path := range keys {
			key := strings.TrimSuffix(filepath.Base(path), ".json")
			if seen[key] {
				continue
			}
			unit, err := s.Store.Lookup(stage, key)
			h := Holder{}
			if err == nil {
				h, err = s.unit(stage, unit)
			}
			if err != nil {
				h = Holder{Kind: "run", Name: fmt.Sprintf("%s %.12s in the store", stage, key), Unread: err}
			}
			if h.Articles > 0 || err != nil {
				holders = append(holders, h)
			}
		}
	}
	return holders, nil
}

// unit is what a published unit of split_dedup or train holds.
func (s *Search) unit(stage string, unit schemas.Unit) (Holder, error) {
	name := fmt.Sprintf("%s %.12s in the store", stage, unit.Key)
	if stage == schemas.SplitDedup.Name {
		f, err := s.samples(unit)
		return Holder{Kind: "data set", Name: name, Articles: len(f.all), Train: len(f.train)}, err
	}
	if _, ok := unit.Files[schemas.TrainedOnFile]; !ok {
		return Holder{}, nil // a model from before there was a record, of a run without a folder
	}
	f, err := s.trainedOn(unit)
	return Holder{Kind: "model", Name: name, Articles: len(f.all)}, err
}

// samples finds the articles that a data set has as source or target.
func (s *Search) samples(split schemas.Unit) (found, error) {
	return read(s, split, "samples.arrow", func(row *schemas.SampleRow, f *found) {
		train := row.Split == "train"
		f.add(s, row.SourceLanguage, row.SourceID, train)
		f.add(s, row.TargetLanguage, row.TargetID, train)
	})
}
