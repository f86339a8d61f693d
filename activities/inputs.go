package activities

import (
	"fmt"

	"crosssum/schemas"
)

// inputs are one file of every unit of a stage before, in the order of the units' names.
type inputs struct {
	units          []schemas.Unit
	paths, digests []string
	place          map[string]int // by name of the unit
}

// inputs opens one file of every unit of a sealed stage: none may be lost.
func (a *Activities) inputs(ref schemas.Ref, file string) (in inputs, err error) {
	in.units, in.paths, in.digests, err = a.Store.Files(ref, file)
	in.place = map[string]int{}
	for i, u := range in.units {
		in.place[u.Name] = i
	}
	return in, err
}

// only is the unit of a sealed stage that has one.
func (a *Activities) only(ref schemas.Ref) (schemas.Unit, error) {
	index, err := a.Store.Index(ref)
	if err == nil && len(index.Units) != 1 {
		err = fmt.Errorf("%s: index %s holds %d units, wanted one", ref.Stage, ref.Index, len(index.Units))
	}
	if err != nil {
		return schemas.Unit{}, err
	}
	return index.Units[0], nil
}

// of is a unit with the path of its file and the digest; nothing of one that there is not.
func (in inputs) of(unit string) (u schemas.Unit, path, digest string) {
	if i, ok := in.place[unit]; ok {
		return in.units[i], in.paths[i], in.digests[i]
	}
	return u, "", ""
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
