package generate

import (
	"slices"
	"testing"

	"crosssum/internal/model/t5"
	"crosssum/schemas"
)

func TestEveryIDThatAModelsConfigEndsSummariesWithReachesTheSearch(t *testing.T) {
	dir := toyModel(t)
	config, err := t5.LoadConfig(dir)
	must(t, err)
	tokenizer, err := t5.LoadTokenizer(dir, config)
	must(t, err)
	for _, c := range []struct{ ends, others []int }{{nil, nil}, {[]int{1}, nil}, {[]int{1, 5}, []int{5}}, {[]int{7, 1, 5}, []int{7, 5}}} {
		config.Ends = c.ends
		if o := optionsOf(schemas.Demo().Generate, config, tokenizer); o.EOS != 1 || !slices.Equal(o.Ends, c.others) {
			t.Errorf("%v: a summary ends with %d and %v", c.ends, o.EOS, o.Ends)
		}
	}
}
