package activities

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crosssum/schemas"
)

// TestAnArchiveIsTheCrawlOfTheFilesInIt: what was computed of the one is reused for the other.
func TestAnArchiveIsTheCrawlOfTheFilesInIt(t *testing.T) {
	var archive bytes.Buffer
	packer := gzip.NewWriter(&archive)
	w := tar.NewWriter(packer)
	for _, name := range []string{"./data/german.jsonl", "./data/english.jsonl", "./data/LICENSE"} {
		w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(article)), Mode: 0o644})
		io.WriteString(w, article)
	}
	w.Close()
	packer.Close()
	env, _, root := ingestHost(t, map[string]string{"c/english.jsonl": article, "c/german.jsonl": article})
	in := schemas.IngestInput{Scanned: scanCrawl(t, env), Params: lenient}
	for _, units := range planned(t, env, in).Missing {
		if _, err := env.ExecuteActivity("ingest", schemas.Work[schemas.IngestInput]{Input: in, Units: units}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"english.jsonl", "german.jsonl"} {
		os.Remove(filepath.Join(root, "c", name))
	}
	os.WriteFile(filepath.Join(root, "c", "all.tar.gz"), archive.Bytes(), 0o644)
	of := in.Scanned
	if in.Scanned = scanCrawl(t, env); in.Scanned.Digest != of.Digest || in.Scanned.Count != 2 || in.Scanned.Bytes != of.Bytes {
		t.Errorf("%+v, wanted %+v", in.Scanned, of)
	}
	if p := planned(t, env, in); p.Reused != 2 || len(p.Missing) != 0 {
		t.Errorf("%+v", p)
	}
	in.Params.MaxLineBytes++ // so that it is read from the archive
	for _, units := range planned(t, env, in).Missing {
		if _, err := env.ExecuteActivity("ingest", schemas.Work[schemas.IngestInput]{Input: in, Units: units}); err != nil {
			t.Error(err)
		}
	}
	if p := planned(t, env, in); p.Reused != 2 {
		t.Errorf("%+v", p)
	}
	for _, name := range []string{"max_file_bytes", "truncated"} {
		limits := schemas.IngestParams{MaxFileBytes: 100, MaxWindowBytes: 1 << 20}
		if name == "truncated" {
			limits = schemas.IngestParams{}
			os.WriteFile(filepath.Join(root, "c", "all.tar.gz"), archive.Bytes()[:archive.Len()/2], 0o644)
		}
		_, err := env.ExecuteActivity("scan", schemas.ScanInput{Crawl: "c", Limits: limits})
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "retryable: false") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
