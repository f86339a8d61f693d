package metric

import (
	"encoding/json"
	"testing"

	"crosssum/schemas"
)

func row(source, target string, rouge2 float64) schemas.ScoredRow {
	return schemas.ScoredRow{SourceLanguage: source, TargetLanguage: target, Figures: schemas.Figures{Rouge2: rouge2, LaSE: 50}}
}

func TestASummaryHoldsEveryRowOnceByPairAndByTarget(t *testing.T) {
	rows := []schemas.ScoredRow{row("english", "english", 30), row("english", "english", 10), row("english", "thai", 6), row("hindi", "english", 2)}
	s := Summarize(rows, "tiny", 1)
	if s.All.N != 4 || s.InLanguage.N != 2 || s.CrossLingual.N != 2 || len(s.Pairs) != 3 || len(s.Targets) != 2 {
		t.Fatalf("%+v", s)
	}
	if s.All.Rouge2 != 12 || s.InLanguage.Rouge2 != 20 || s.CrossLingual.Rouge2 != 4 || s.Targets[0].Rouge2 != 14 {
		t.Errorf("means: %v %v %v %v", s.All.Rouge2, s.InLanguage.Rouge2, s.CrossLingual.Rouge2, s.Targets[0].Rouge2)
	}
	if !s.All.Provisional || s.InLanguage.Provisional || !s.Pairs[1].Provisional {
		t.Error("the provisional language is not marked where it counts")
	}
	if i := s.All.Intervals.Rouge2; !(2 <= i.Low && i.Low < i.Mid && i.Mid < i.High && i.High <= 30) {
		t.Errorf("interval %+v", i)
	}
}

func TestASummaryOfNothingIsValidJSON(t *testing.T) {
	b, err := json.Marshal(Summarize(nil, "tiny", 1))
	if err != nil || len(b) == 0 {
		t.Fatal(err)
	}
}
