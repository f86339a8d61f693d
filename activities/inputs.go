package activities

import (
	"context"
	"fmt"

	"crosssum/internal/engine"
	"crosssum/internal/fault"
	"crosssum/schemas"
)

// opening opens what a stage reads, for a look-up or for a work item; after an error, nothing more. It writes nothing.
type opening struct {
	*Activities
	ctx context.Context
	err error
}

func got[T any](o *opening, open func() (T, error)) (t T) {
	if o.err == nil {
		t, o.err = open()
	}
	return t
}

func (o *opening) model(name string) model {
	return got(o, func() (model, error) { return o.Activities.model(name) })
}

func (o *opening) profile(of Engine, numerics string) engine.Profile {
	return got(o, func() (engine.Profile, error) { return of.Profile(o.ctx, numerics) })
}

// classifier is the digest of fastText's model.
func (o *opening) classifier() string {
	return got(o, func() (string, error) {
		digest, err := digestOfFile(o.LanguageID)
		if err != nil {
			err = fault.New(schemas.MissingModel, "language classifier: %v: run the set-up, or name a lid.176 model in temporal.yaml", err)
		}
		return digest, err
	})
}

// units are those of a sealed stage.
func (o *opening) units(ref schemas.Ref) []schemas.Unit {
	return got(o, func() ([]schemas.Unit, error) {
		index, err := o.Store.Index(ref)
		return index.Units, err
	})
}

// file is where a file of a unit lies, which must be there.
func (o *opening) file(u schemas.Unit, name string) string {
	return got(o, func() (string, error) { return o.Store.File(u, name) })
}

// paths are where objects lie, by the names of their digests.
func (o *opening) paths(digests map[string]string) map[string]string {
	paths := map[string]string{}
	for name, digest := range digests {
		paths[name] = got(o, func() (string, error) { return o.Store.Path(digest) })
	}
	return paths
}

// only is the unit of a sealed stage that has one.
func (o *opening) only(ref schemas.Ref) schemas.Unit {
	units := o.units(ref)
	if o.err == nil && len(units) != 1 {
		o.err = fmt.Errorf("%s: index %s holds %d units, wanted one", ref.Stage, ref.Index, len(units))
	}
	if o.err != nil {
		return schemas.Unit{}
	}
	return units[0]
}

// inputs are one file of every unit of a stage before, in the order of the units' names.
type inputs struct {
	units          []schemas.Unit
	paths, digests []string
	place          map[string]int // by name of the unit
}

// inputs opens one file of every unit of a sealed stage: none may be lost.
func (o *opening) inputs(ref schemas.Ref, file string) inputs {
	return got(o, func() (in inputs, err error) {
		in.units, in.paths, in.digests, err = o.Store.Files(ref, file)
		in.place = map[string]int{}
		for i, u := range in.units {
			in.place[u.Name] = i
		}
		return in, err
	})
}

// of is a unit with the path of its file and the digest; nothing of one that there is not.
func (in inputs) of(unit string) (u schemas.Unit, path, digest string) {
	if i, ok := in.place[unit]; ok {
		return in.units[i], in.paths[i], in.digests[i]
	}
	return u, "", ""
}

// work is a unit for each of these, with a guess of its seconds.
func (in inputs) work(seconds func(schemas.Unit) float64) (units []schemas.WorkUnit, err error) {
	for _, u := range in.units {
		units = append(units, schemas.WorkUnit{Name: u.Name, Seconds: seconds(u)})
	}
	return units, nil
}

// names are those of the units.
func (in inputs) names() (names []string) {
	for _, u := range in.units {
		names = append(names, u.Name)
	}
	return names
}

// byUnit are the digests by name of the unit.
func (in inputs) byUnit() map[string]string {
	digests := map[string]string{}
	for i, u := range in.units {
		digests[u.Name] = in.digests[i]
	}
	return digests
}

// sizeOf is the number of articles of a unit of ingest, merge or screen.
func sizeOf(u schemas.Unit) int64 {
	if n, ok := u.Counts["articles"]; ok {
		return n
	}
	return u.Counts["accepted"]
}

// whole is a stage of one unit, by a guess of its seconds.
type whole float64

func (seconds whole) units() ([]schemas.WorkUnit, error) {
	return []schemas.WorkUnit{{Name: "all", Seconds: float64(seconds)}}, nil
}
