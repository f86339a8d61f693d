package encode

import (
	"context"
	"os"

	"crosssum/internal/artifact/arrowfile"
	"crosssum/internal/engine"
	"crosssum/schemas"
)

// A window ends with the row that reaches one of these: what is held in memory of texts, tokens and vectors.
const (
	windowRows  = 1 << 15
	windowBytes = 64 << 20
)

// stream encodes the rows of a request, window by window.
type stream struct {
	ctx     context.Context
	encoder *encoder
	request engine.EncodeRequest
	report  engine.Report
	emit    func(r row, t *text, vector []float32) error // gets every row in order
	window  *texts
	unit    bool  // vectors get unit length, whatever the encoder's modules.json says
	total   int64 // rows expected, for the progress
	result  engine.EncodeResult
}

// write makes the output file; rows adds the rows of the request. A request that fails leaves no file.
func write[T any](s *stream, rows func(*arrowfile.Writer[T]) error) error {
	path := s.request.Output
	w, err := arrowfile.CreateVectors[T](path, s.encoder.dimension, nil)
	if err != nil {
		return err
	}
	s.window = newTexts()
	if err = rows(w); err == nil {
		err = s.flush()
	}
	if closing := w.Close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

func (s *stream) add(language, id, content string) error {
	s.window.add(language, id, s.request.Prefix+content)
	if len(s.window.rows) < windowRows && s.window.bytes < windowBytes {
		return nil
	}
	return s.flush()
}

// flush encodes the window and emits its rows.
func (s *stream) flush() error {
	in := s.window
	s.window = newTexts()
	vectors := make([]float32, len(in.texts)*s.encoder.dimension)
	tokens, err := s.encoder.encodeAll(s.ctx, in, s.request, vectors, func(done int) {
		rows := int64(len(in.rows)) * int64(done) / int64(len(in.texts))
		s.report(schemas.Progress{Done: s.result.Rows + rows, Total: s.total, Of: "texts"})
	})
	if err != nil {
		return err
	}
	if s.unit && !s.encoder.unit {
		for i := range in.texts {
			unit(vectors[i*s.encoder.dimension:][:s.encoder.dimension]) // a zero vector stays: it is nobody's neighbour
		}
	}
	for _, r := range in.rows {
		if err := s.emit(r, &in.texts[r.text], vectors[r.text*s.encoder.dimension:][:s.encoder.dimension]); err != nil {
			return err
		}
	}
	s.result.Rows += int64(len(in.rows))
	s.result.Texts += int64(len(in.texts))
	s.result.Tokens += tokens
	return nil
}
