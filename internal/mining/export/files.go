package export

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/schemas"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// fileSplits are the splits with their names in Parquet: Hugging Face says "validation".
var fileSplits = map[string]string{"train": "train", "val": "validation", "test": "test"}

// JSONL and Parquet are the paths of the files of a directed pair and split ("train", "val", "test") in the data set's folder.
func JSONL(source, target, split string) string {
	return fmt.Sprintf("%s-%s_%s.jsonl", source, target, split)
}

func Parquet(source, target, split string) string {
	return fmt.Sprintf("parquet/%s/%s-%s.parquet", fileSplits[split], source, target)
}

// A row group is closed by the row that brings it to groupBytes of text. All open ones together hold openBytes: then the
// fullest is closed. Both are rules about the rows alone, so that the bytes repeat.
const groupBytes, openBytes = 16 << 20, 128 << 20

// files are the open outputs of a source language.
type files struct {
	dir, source string
	open        map[[2]string]*file // by target language and split
	bytes       int                 // of rows in open row groups
	line        []byte
}

// file is the two outputs of a directed pair and split.
type file struct {
	name    string // that ties are decided by
	lines   *bufio.Writer
	under   [2]*os.File // of lines and table
	sink    *sink       // of table
	table   *pqarrow.FileWriter
	builder *arrowfile.Builder[schemas.DatasetRow]
	bytes   int // in the open row group
}

func newFiles(dir, source string) *files {
	return &files{dir: dir, source: source, open: map[[2]string]*file{}}
}

func (f *files) write(r row) error {
	key := [2]string{r.language, r.split}
	to, ok := f.open[key]
	if !ok {
		var err error
		if to, err = f.create(r.language, r.split); err != nil {
			return err
		}
		f.open[key] = to
	}
	f.line = appendRow(f.line[:0], r.sourceURL, r.url, r.summary, r.text)
	if _, err := to.lines.Write(f.line); err != nil {
		return err
	}
	if err := to.append(f.source, r); err != nil {
		return err
	}
	to.bytes += len(f.line)
	f.bytes += len(f.line)
	if to.bytes >= groupBytes {
		return f.flush(to)
	}
	if f.bytes >= openBytes {
		return f.flush(f.fullest())
	}
	return nil
}

func (f *files) create(target, split string) (*file, error) {
	to := &file{name: JSONL(f.source, target, split)}
	table := filepath.Join(f.dir, filepath.FromSlash(Parquet(f.source, target, split)))
	if err := os.MkdirAll(filepath.Dir(table), 0o755); err != nil {
		return nil, err
	}
	for i, path := range []string{filepath.Join(f.dir, to.name), table} {
		var err error
		if to.under[i], err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
			return nil, errors.Join(err, to.under[0].Close())
		}
	}
	to.lines = bufio.NewWriterSize(to.under[0], 32<<10)
	to.builder = arrowfile.NewBuilder[schemas.DatasetRow](datasetSchema)
	to.sink = &sink{File: to.under[1]}
	return to, to.sink.guard(func() (err error) {
		to.table, err = pqarrow.NewFileWriter(datasetSchema, to.sink, properties, pqarrow.DefaultWriterProps())
		return err
	})
}

// appendRow appends one line of the data set. Fields stand in this order, and text is UTF-8, not escaped.
func appendRow(b []byte, sourceURL, targetURL, summary, text string) []byte {
	b = appendString(append(b, `{"source_url": `...), sourceURL)
	b = appendString(append(b, `, "target_url": `...), targetURL)
	b = appendString(append(b, `, "summary": `...), summary)
	b = appendString(append(b, `, "text": `...), text)
	return append(b, "}\n"...)
}

// appendString appends a JSON string that escapes what JSON makes it escape, and U+0085, U+2028 and U+2029, which occur in real articles
// and are ends of lines to some readers.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == 0x85 || r == 0x2028 || r == 0x2029 {
				b = fmt.Appendf(b, `\u%04x`, r)
			} else {
				b = utf8.AppendRune(b, r) // an invalid byte becomes U+FFFD
			}
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}

// sink is a file that remembers its first error: the library of Parquet panics at some failed writes, without saying why.
type sink struct {
	*os.File
	failed error
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.File.Write(b)
	if s.failed == nil {
		s.failed = err
	}
	return n, err
}

// guard calls a function of the library; what fails after a failed write fails for that reason.
func (s *sink) guard(call func() error) (err error) {
	defer func() {
		if s.failed != nil {
			recover()
			err = s.failed
		}
	}()
	return call()
}

// oneZstd compresses every page with one encoder. The library's own makes a new one for each, which costs 10 ms a column.
type oneZstd struct{ compress.Codec }

func (z oneZstd) EncodeLevel(dst, src []byte, _ int) []byte { return z.Encode(dst, src) }

func init() {
	zstd, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		panic(err) // a programming error: the library has it
	}
	compress.RegisterCodec(compress.Codecs.Zstd, oneZstd{zstd})
}

var datasetSchema = arrowfile.SchemaOf[schemas.DatasetRow](1, nil)

// properties: dictionaries only where values repeat, no statistics of texts (they would hold whole texts), no clock or name.
var properties = func() *parquet.WriterProperties {
	options := []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCreatedBy("crosssum"),
		parquet.WithVersion(parquet.V2_LATEST), parquet.WithDictionaryDefault(false)}
	for _, name := range []string{"source_language", "target_language", "rule", "crawl"} {
		options = append(options, parquet.WithDictionaryFor(name, true))
	}
	for _, name := range []string{"text", "summary", "source_url", "target_url"} {
		options = append(options, parquet.WithStatsFor(name, false))
	}
	return parquet.NewWriterProperties(options...)
}()

// append adds a row to the open row group.
func (f *file) append(source string, r row) error {
	var score, margin, tokens, agreement, probability *float32
	if r.rule != NativeRule {
		score, margin = &r.score, &r.margin
	}
	switch r.rule {
	case schemas.EvidenceRule:
		tokens, agreement, probability = &r.tokens, &r.agreement, &r.probability
	case "agreement":
		agreement = &r.agreement
	}
	_, err := f.builder.Add(schemas.DatasetRow{SourceURL: r.sourceURL, TargetURL: r.url, Summary: r.summary, Text: r.text,
		SourceLanguage: source, TargetLanguage: r.language, SourceID: r.source, TargetID: r.target, Score: score, Margin: margin,
		Tokens: tokens, Agreement: agreement, Probability: probability, Rule: r.rule, Component: r.component, Crawl: r.crawl, LanguageOK: r.languageOK})
	return err
}

// flush writes the open row group of a file.
func (f *files) flush(to *file) error {
	if to.bytes == 0 {
		return nil
	}
	f.bytes -= to.bytes
	to.bytes = 0
	record := to.builder.NewRecord()
	defer record.Release()
	return to.sink.guard(func() error { return to.table.Write(record) })
}

func (f *files) fullest() *file {
	var fullest *file
	for _, to := range f.open {
		if fullest == nil || to.bytes > fullest.bytes || to.bytes == fullest.bytes && to.name < fullest.name {
			fullest = to
		}
	}
	return fullest
}

func (f *files) close() (err error) {
	for _, to := range slices.SortedFunc(maps.Values(f.open), func(a, b *file) int { return cmp.Compare(a.name, b.name) }) {
		// the table's writer closes the file beneath
		err = errors.Join(err, to.lines.Flush(), to.under[0].Close(), f.flush(to), to.sink.guard(to.table.Close))
		to.builder.Release()
	}
	return err
}
