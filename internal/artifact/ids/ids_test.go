package ids

import (
	"fmt"
	"strings"
	"testing"
)

func TestEveryIdIsFoundAtItsPlaceAndNoOther(t *testing.T) {
	var l List
	var all []string
	for i := range 3000 { // several pieces, short ids and long ones
		all = append(all, fmt.Sprintf("%04d%s", i, strings.Repeat("x", i%7*i%2000)))
	}
	all = append(all, "", strings.Repeat("y", maxBytes))
	for _, id := range all {
		if !l.Add(id) {
			t.Fatalf("%.20q of %d bytes was not added", id, len(id))
		}
	}
	if l.Add(strings.Repeat("z", maxBytes+1)) {
		t.Error("an id that is too long was added")
	}
	index := NewIndex(&l)
	for i, id := range all {
		if l.At(int32(i+1)) != id || index.Place(id) != int32(i+1) {
			t.Fatalf("id %d, %.20q, is %.20q, at place %d", i, id, l.At(int32(i+1)), index.Place(id))
		}
	}
	if l.Len() != len(all) || index.Place("none") != 0 {
		t.Errorf("%d ids; one that is not there is at %d", l.Len(), index.Place("none"))
	}
}

func TestAnEmptyListHasNoIds(t *testing.T) {
	var l List
	if l.Len() != 0 || NewIndex(&l).Place("") != 0 {
		t.Error("the empty list has an id")
	}
}
