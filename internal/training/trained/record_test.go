package trained

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"
)

func TestARecordIsReadAsItWasWrittenSortedAndEachRowOnce(t *testing.T) {
	want := []Row{{"", "", Text("of a language that nobody told")}, {"english", "", Text("a")}, {"english", "e1", "digest"}, {"english", "e1", "of an edit"}}
	for i := range textsTogether + 7 { // more than a row of the file holds
		want = append(want, Row{"german", "", Text(fmt.Sprint(i))})
	}
	want = append(want, Row{"german", "g1", ""})
	slices.SortFunc(want, func(a, b Row) int {
		return strings.Compare(a.Language+"\x00"+a.ID+"\x00"+a.Content, b.Language+"\x00"+b.ID+"\x00"+b.Content)
	})
	rows := slices.Concat(want, want[:9])
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	path := filepath.Join(t.TempDir(), schemas.TrainedOnFile)
	if err := Write(path, rows); err != nil {
		t.Fatal(err)
	}
	var got []Row
	if err := Read(path, func(row Row) { got = append(got, row.Clone()) }); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d rows of %d, %v", len(got), len(want), err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 10*textsTogether {
		t.Errorf("%d bytes for %d digests of 8, %v", info.Size(), textsTogether, err)
	}
}

func TestAListOfDigestsThatWasCutIsNoRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), schemas.TrainedOnFile)
	err := arrowfile.WriteRows(path, 1, func(int) schemas.TrainedOnRow {
		return schemas.TrainedOnRow{Language: "english", Content: Text("a") + "0123"}
	})
	if err == nil {
		err = Read(path, func(Row) {})
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "20 characters are no list of digests of 16") {
		t.Error(err)
	}
}
