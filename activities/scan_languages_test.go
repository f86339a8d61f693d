package activities

import (
	"slices"
	"testing"

	"crosssum/schemas"
)

func TestAScanNamesEachLanguageThatItFoundOnce(t *testing.T) {
	for _, c := range []struct{ files, asked, want []string }{
		{[]string{"hindi.jsonl", "english.jsonl"}, nil, []string{"english", "hindi"}},
		{[]string{"english_train.jsonl", "english_val.jsonl", "hindi_train.jsonl"}, nil, []string{"english", "hindi"}},
		{[]string{"hindi.jsonl", "english.jsonl"}, []string{"hindi"}, []string{"hindi"}},
		{[]string{"tamil.jsonl"}, nil, []string{"tamil"}},
	} {
		files := map[string]string{}
		for _, f := range c.files {
			files["mine/"+f] = "{}\n"
		}
		env, _, _ := ingestHost(t, files)
		value, err := env.ExecuteActivity(schemas.ScanActivity.Name, schemas.ScanInput{Crawl: "mine", Languages: c.asked})
		var got schemas.Scanned
		if err == nil {
			err = value.Get(&got)
		}
		if err != nil || !slices.Equal(got.Languages, c.want) {
			t.Errorf("%v: %v, %v", c.files, got.Languages, err)
		}
	}
}
