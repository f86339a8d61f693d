package link

import (
	"maps"
	"slices"
	"testing"

	"crosssum/schemas"
)

func TestEveryRuleThatMayBeAskedForIsThereAndNoOther(t *testing.T) {
	asked, there := slices.Sorted(maps.Keys(schemas.Rules)), slices.Sorted(maps.Keys(rules))
	if !slices.Equal(asked, there) {
		t.Errorf("schemas.Rules has %v, and link has %v", asked, there)
	}
}
