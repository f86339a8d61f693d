package schemas

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestThePageAboutTrainingHasEveryParameterAndEveryClassOfFailure(t *testing.T) {
	page, err := os.ReadFile("../docs/training.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for field := range reflect.TypeFor[TrainParams]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	for _, f := range Failures {
		names = append(names, f.Type)
	}
	for _, name := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/training.md does not say what `%s` is", name)
		}
	}
}
