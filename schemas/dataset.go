package schemas

import "github.com/apache/arrow/go/v17/arrow"

// DatasetRow is a row of the data set's Parquet files: the four fields of the JSON lines, and what to filter by. An article
// with its own summary has the rule "native", and null in score and margin. component is that of Split; crawl is the digest
// of the later of the two articles' crawls; language_ok: the summary is in the target language (null: nobody looked).
var DatasetRow = arrow.NewSchema([]arrow.Field{
	str("source_url"), str("target_url"), str("summary"), str("text"),
	str("source_language"), str("target_language"), str("source_id"), str("target_id"),
	nullable(f32("score")), nullable(f32("margin")), str("rule"), str("component"), str("crawl"),
	nullable(arrow.Field{Name: "language_ok", Type: arrow.FixedWidthTypes.Boolean}),
}, nil)

// Mined is how the pairs of a data set were found, as resolved for the run: what its data card states.
type Mined struct {
	Crawl      string        `json:"crawl"` // digest
	Encoder    EncoderParams `json:"encoder"`
	Rule       string        `json:"rule"`
	Threshold  float64       `json:"threshold"`
	Duplicate  float64       `json:"duplicate_threshold"`
	Neighbours int           `json:"neighbours"`
	Split      SplitParams   `json:"split"`
	Seed       uint64        `json:"seed"`
}

// TrainedOn lists, sorted, the articles that a model was trained on, as text or as summary: content_digest is Article's. A row with an
// empty id names no article: its content_digest has one behind the other the first 16 hex digits of the SHA-256 of texts and summaries of the
// language, which are what a data set's folder has of articles; batches do not tell the language of their texts, so that it is "". The record
// lies beside the model's files as TrainedOnFile; nothing that loads the model reads it.
var TrainedOn = arrow.NewSchema([]arrow.Field{str("language"), str("id"), str("content_digest")}, nil)

// TrainedOnFile is the name of that record in a model's directory.
const TrainedOnFile = "trained_on.arrow"
